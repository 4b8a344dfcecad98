import * as z from 'zod';
import type { Backend, KeyType, Target } from '../policy/catalogue.ts';
import { answerMsMax } from './backends-table.ts';
import { checkValue } from './check-value.ts';
import { mapping, text, wholeNumber } from './expected.ts';
import { segmentProblem } from './path-template.ts';
import { didYouMean, quote } from './nearest-name.ts';
import { type Path, type SourceFile, valueAt } from './source-file.ts';

/** Where an API's requests of one key type go. */
export type Endpoints = Pick<Backend, 'targets' | 'choice'>;

const endpointPath: Path = ['data', 'endpointConfig'];

const fields: Readonly<Record<KeyType, { readonly first: string; readonly failovers: string }>> = {
  PRODUCTION: { first: 'production_endpoints', failovers: 'production_failovers' },
  SANDBOX: { first: 'sandbox_endpoints', failovers: 'sandbox_failovers' },
};

/** Reads `endpointConfig` (wso2.md 4.3). Problems are reported; nothing comes back when it can't be told which there are. */
export function readEndpoints(
  source: SourceFile,
  api: { readonly webSocket: boolean },
): Readonly<Partial<Record<KeyType, Endpoints>>> | undefined {
  const config = checkValue(source, endpointConfigSchema, endpointPath);
  if (config === undefined) return undefined;
  const type = config.endpoint_type ?? 'http';
  if (!isSupported(source, type, api)) return undefined;
  if (absent(config.production_endpoints) && absent(config.sandbox_endpoints)) {
    const message = 'endpointConfig has neither production_endpoints nor sandbox_endpoints.';
    source.error({ code: 'missing-value', path: endpointPath, part: 'key', message });
  }
  if (type === 'load_balance') reportBalancing(source, config);
  reportSecurity(source);
  const production = readEndpointsOf(source, { keyType: 'PRODUCTION', type, api });
  const sandbox = readEndpointsOf(source, { keyType: 'SANDBOX', type, api });
  return { ...(production && { PRODUCTION: production }), ...(sandbox && { SANDBOX: sandbox }) };
}

/** Whether the API names no endpoint for a key type. */
export function hasNoEndpoint(source: SourceFile, keyType: KeyType): boolean {
  return absent(valueAt(source.value, [...endpointPath, fields[keyType].first]));
}

/** A word, or nothing, for which WSO2's publisher writes an empty one too. */
const word = (expected: string): z.ZodType<string | null | undefined> =>
  z.union([z.literal(''), text({ expected, charactersMax: 300 })], { error: expected }).nullish();

const endpointConfigSchema = mapping(
  {
    endpoint_type: text({ expected: 'a type of endpoint such as "http"', charactersMax: 60 }).nullish(),
    production_endpoints: z.unknown().optional(),
    sandbox_endpoints: z.unknown().optional(),
    production_failovers: z.unknown().optional(),
    sandbox_failovers: z.unknown().optional(),
    algoCombo: word('the class of an algorithm'),
    algoClassName: word('the class of an algorithm'),
    sessionManagement: word('a kind of sessions'),
  },
  ['endpoint_security', 'failOver', 'sessionTimeOut', 'implementation_status', 'template_not_supported'],
);

const supported = ['http', 'address', 'load_balance', 'failover'];
const unsupported: ReadonlySet<string> = new Set(['default', 'awslambda', 'service', 'sequence_backend']);

function isSupported(
  source: SourceFile,
  type: string,
  { webSocket }: { readonly webSocket: boolean },
): boolean {
  const known = webSocket ? ['ws', ...supported] : supported;
  if (known.includes(type)) return true;
  const path = [...endpointPath, 'endpoint_type'];
  if (unsupported.has(type)) {
    const message = `Endpoints of type ${quote(type)} are not supported yet.`;
    source.error({ code: 'not-supported', path, message });
  } else {
    const message = `endpoint_type: found ${quote(type)}, expected one of ${known.map((name) => quote(name)).join(', ')}.`;
    source.error({ code: 'invalid-value', path, message, hint: didYouMean(type, known) });
  }
  return false;
}

const roundRobin = /^(?:org\.apache\.synapse\.endpoints\.algorithms\.)?RoundRobin$/;

/** How requests are shared out is no limit, so what differs from WSO2 there keeps nobody from starting. */
function reportBalancing(source: SourceFile, config: z.infer<typeof endpointConfigSchema>): void {
  for (const key of ['algoCombo', 'algoClassName'] as const) {
    const algorithm = config[key] ?? '';
    // With "other" the class stands in the other field.
    if (algorithm === '' || algorithm === 'other' || roundRobin.test(algorithm)) continue;
    const message = `${key}: only RoundRobin is supported yet; each endpoint gets requests in turn.`;
    source.warning({ code: 'not-supported', path: [...endpointPath, key], message });
  }
  if (['', 'none'].includes(config.sessionManagement ?? '')) return;
  const path = [...endpointPath, 'sessionManagement'];
  const message = 'Sessions are not supported yet; one client may reach any of the endpoints.';
  source.warning({ code: 'not-supported', path, message });
}

/** WSO2's publisher writes `enabled` for both even when there is no kind of credentials. The line may hold a password. */
function reportSecurity(source: SourceFile): void {
  for (const name of ['production', 'sandbox']) {
    const path = [...endpointPath, 'endpoint_security', name];
    const [enabled, type] = ['enabled', 'type'].map((key) => valueAt(source.value, [...path, key]));
    if (String(enabled).toLowerCase() !== 'true') continue;
    if (typeof type !== 'string' || ['', 'NONE'].includes(type.toUpperCase())) continue;
    const message = `Credentials for backends are not supported yet; ${name} gets requests without any.`;
    source.warning({ code: 'not-supported', path, part: 'key', message, valueHidden: true });
  }
}

interface Asked {
  readonly keyType: KeyType;
  readonly type: string;
  readonly api: { readonly webSocket: boolean };
}

/** More endpoints of one API than these are a mistake. */
const targetsMax = 100;

function readEndpointsOf(source: SourceFile, { keyType, type, api }: Asked): Endpoints | undefined {
  const { first, failovers } = fields[keyType];
  const firstPath = [...endpointPath, first];
  const failoversPath = [...endpointPath, failovers];
  const more = type === 'failover' ? pathsOf(source, failoversPath) : [];
  if (hasNoEndpoint(source, keyType)) {
    if (more.length > 0) reportNoFirst(source, failoversPath, first);
    return undefined;
  }
  const paths = pathsOf(source, firstPath);
  const isList = type === 'load_balance';
  if (paths.length === 0 || paths.length > (isList ? targetsMax : 1)) {
    const expected = isList ? `1 to ${targetsMax}` : 'one';
    const message = `${first}: found ${paths.length} endpoints, expected ${expected}.`;
    const hint = isList ? undefined : 'Several need endpoint_type load_balance or failover.';
    source.error({ code: 'invalid-value', path: firstPath, message, hint });
    return undefined;
  }
  if (more.length >= targetsMax) {
    const message = `${failovers}: found ${more.length} endpoints, expected at most ${targetsMax - 1}.`;
    source.error({ code: 'invalid-value', path: failoversPath, message });
    return undefined;
  }
  const [target, ...others] = [...paths, ...more].flatMap((path) => readTarget(source, path, api) ?? []);
  if (target === undefined || others.length < paths.length + more.length - 1) return undefined;
  if (others.length === 0) return { targets: [target], choice: 'single' };
  return { targets: [target, ...others], choice: isList ? 'round-robin' : 'failover' };
}

/** Where the endpoints of a field stand: one, or a list of them. */
function pathsOf(source: SourceFile, path: Path): readonly Path[] {
  const written = valueAt(source.value, path);
  if (absent(written)) return [];
  return Array.isArray(written) ? [...written.keys()].map((index) => path.concat(index)) : [path];
}

function reportNoFirst(source: SourceFile, path: Path, first: string): void {
  const message = `There are endpoints to fail over to, and no ${first} to fail over from.`;
  source.error({ code: 'missing-value', path, part: 'key', message });
}

const noTimeout = ' ms (0, which means no limit in WSO2, is refused: every wait has a bound)';

const endpointSchema = mapping(
  {
    url: text({ expected: 'a URL', charactersMax: 2000 }),
    config: mapping(
      {
        actionDuration: z
          .union([z.literal(''), wholeNumber(1, answerMsMax, noTimeout)], {
            error: `a whole number from 1 to ${answerMsMax}${noTimeout}`,
          })
          .nullish(),
      },
      [
        'actionSelect',
        'retryTimeOut',
        'retryDelay',
        'factor',
        'suspendDuration',
        'suspendMaxDuration',
        'suspendErrorCode',
        'retryErroCode',
        'format',
        'optimize',
      ],
    ).nullish(),
  },
  ['endpoint_type', 'endpointType', 'template_not_supported'],
);

function readTarget(source: SourceFile, path: Path, api: Asked['api']): Target | undefined {
  const endpoint = checkValue(source, endpointSchema, path);
  if (endpoint === undefined) return undefined;
  const url = backendUrl(endpoint.url, api);
  if (typeof url !== 'string') {
    source.error({ code: 'invalid-value', path: [...path, 'url'], message: `url ${url.problem}.` });
    return undefined;
  }
  const headMsMax = endpoint.config?.actionDuration;
  return { url, ...(typeof headMsMax === 'number' && { headMsMax }) };
}

/**
 * The URL with its host in lower case and without a slash at its end, or what is wrong with it. A WebSocket is opened by a
 * request in HTTP: ws becomes http, wss https.
 */
function backendUrl(
  text: string,
  { webSocket }: { readonly webSocket: boolean },
): string | { readonly problem: string } {
  const schemes = webSocket ? 'ws' : 'http';
  const parts = /^(ws|http)(s?):\/\/([^/?#\\]*)(\/[^?#\\]*)?(.*)$/i.exec(text);
  const [, scheme = '', secure = '', authority = '', path = '', rest = ''] = parts ?? [];
  if (scheme.toLowerCase() !== schemes) return { problem: `must start with ${schemes}:// or ${schemes}s://` };
  if (authority.includes('@')) return { problem: 'must not hold a user name or password' };
  if (rest !== '') return { problem: `must end before its ${quote(rest.slice(0, 1))}` };
  const inHttp = `http${secure}://${authority}${path}`;
  if (!URL.canParse(inHttp) || new URL(inHttp).port === '0') return { problem: 'has no valid host and port' };
  const trimmed = path.replace(/\/$/, '');
  for (const segment of trimmed.split('/').slice(1)) {
    const unescaped = segment.replace(/%2e/gi, '.').replace(/%[0-9A-Fa-f]{2}|\*/g, 'x');
    const problem = segmentProblem(unescaped);
    if (problem !== undefined) return { problem: `path ${problem}` };
  }
  return new URL(inHttp).origin + trimmed;
}

function absent(value: unknown): boolean {
  return value === undefined || value === null;
}
