import * as z from 'zod';
import { type Limit, unitsMax } from '../limits/limit.ts';
import type { Api, Backend, KeyType } from '../policy/catalogue.ts';
import { checkFields, checkValue, type SoundFields } from './check-value.ts';
import { flag, mapping, oneOf, text, wholeNumber } from './expected.ts';
import {
  algorithmField,
  bucketSizeField,
  limitByAlgorithm,
  type LimitNames,
  reportWithoutCount,
} from './limit-by-algorithm.ts';
import { didYouMean, quote } from './nearest-name.ts';
import { segmentProblem } from './path-template.ts';
import { type Path, type SourceFile, valueAt } from './source-file.ts';

type Backends = Api['backends'];

const endpointPath: Path = ['data', 'endpointConfig'];
const throughputPath: Path = ['data', 'maxTps'];

/** Where an API's requests go and how many may go there (wso2.md 1.8 and 4.3). Problems are reported. */
export function readBackends(source: SourceFile): Backends {
  const limits = readThroughput(source);
  const config = checkValue(source, endpointConfigSchema, endpointPath);
  if (config === undefined || !isSupportedEndpointType(source, config.endpoint_type)) return {};
  const backends: Partial<Record<KeyType, Backend>> = {};
  for (const [keyType, field, limitField] of keyTypes) {
    const url = readEndpoint(source, [...endpointPath, field]);
    const limit = limits[keyType];
    if (url !== undefined) backends[keyType] = { url, ...(limit && { limit }) };
    else if (limit !== undefined && absent(config[field])) warnAboutUnusedLimit(source, limitField, field);
  }
  if (absent(config.production_endpoints) && absent(config.sandbox_endpoints)) {
    const message = 'endpointConfig has neither production_endpoints nor sandbox_endpoints.';
    source.error({ code: 'missing-value', path: endpointPath, part: 'key', message });
  }
  return backends;
}

const keyTypes = [
  ['PRODUCTION', 'production_endpoints', 'production'],
  ['SANDBOX', 'sandbox_endpoints', 'sandbox'],
] as const;

const endpointConfigSchema = mapping(
  {
    endpoint_type: text({ expected: 'a type of endpoint such as "http"', charactersMax: 60 }).nullish(),
    production_endpoints: z.unknown().optional(),
    sandbox_endpoints: z.unknown().optional(),
  },
  [
    'endpoint_security',
    'production_failovers',
    'sandbox_failovers',
    'failOver',
    'algoCombo',
    'algoClassName',
    'sessionManagement',
    'sessionTimeOut',
    'implementation_status',
    'template_not_supported',
  ],
);

const endpointSchema = mapping(
  { url: text({ expected: 'a URL that starts with http:// or https://', charactersMax: 2000 }) },
  ['config', 'endpoint_type', 'endpointType', 'template_not_supported'],
);

const timeUnit = oneOf(['SECOND', 'MINUTE', 'HOUR']).nullish();
const unitMs = { SECOND: 1000, MINUTE: 60_000, HOUR: 3_600_000 } as const;

const throughputSchema = mapping({
  production: wholeNumber(0, unitsMax).nullish(),
  productionTimeUnit: timeUnit,
  productionAlgorithm: algorithmField,
  productionBucketSize: bucketSizeField,
  sandbox: wholeNumber(0, unitsMax).nullish(),
  sandboxTimeUnit: timeUnit,
  sandboxAlgorithm: algorithmField,
  sandboxBucketSize: bucketSizeField,
  tokenBasedThrottlingConfiguration: mapping({ isTokenBasedThrottlingEnabled: flag().nullish() }, [
    'productionMaxPromptTokenCount',
    'productionMaxCompletionTokenCount',
    'productionMaxTotalTokenCount',
    'sandboxMaxPromptTokenCount',
    'sandboxMaxCompletionTokenCount',
    'sandboxMaxTotalTokenCount',
  ]).nullish(),
});

function readThroughput(source: SourceFile): Partial<Record<KeyType, Limit>> {
  if (absent(valueAt(source.value, throughputPath))) return {};
  const written = checkFields(source, throughputSchema, throughputPath);
  if (written.tokenBasedThrottlingConfiguration?.isTokenBasedThrottlingEnabled === true) {
    const at = [...throughputPath, 'tokenBasedThrottlingConfiguration', 'isTokenBasedThrottlingEnabled'];
    source.error({
      code: 'not-supported',
      path: at,
      message: 'Token based throttling is not supported yet.',
    });
  }
  const production = throughputLimit(source, written, 'production');
  const sandbox = throughputLimit(source, written, 'sandbox');
  return { ...(production && { PRODUCTION: production }), ...(sandbox && { SANDBOX: sandbox }) };
}

function throughputLimit(
  source: SourceFile,
  written: SoundFields<typeof throughputSchema.shape>,
  name: 'production' | 'sandbox',
): Limit | undefined {
  const names: LimitNames = { count: name, algorithm: `${name}Algorithm`, bucketSize: `${name}BucketSize` };
  const count = written[name];
  if (typeof count !== 'number') {
    reportWithoutCount(source, throughputPath, names);
    return undefined;
  }
  return limitByAlgorithm(source, {
    path: throughputPath,
    names,
    count,
    windowMs: unitMs[written[`${name}TimeUnit`] ?? 'SECOND'],
    starts: 'first-request',
    algorithm: written[`${name}Algorithm`],
    bucketSize: written[`${name}BucketSize`],
  });
}

function isSupportedEndpointType(source: SourceFile, type: string | null | undefined): boolean {
  if (type === null || type === undefined || type === 'http' || type === 'address') return true;
  const at = [...endpointPath, 'endpoint_type'];
  const others = ['load_balance', 'failover', 'default', 'awslambda', 'service', 'sequence_backend'];
  if (others.includes(type)) {
    source.error({
      code: 'not-supported',
      path: at,
      message: `Endpoints of type ${quote(type)} are not supported yet.`,
    });
  } else {
    const message = `endpoint_type: found ${quote(type)}, expected "http" or "address".`;
    source.error({
      code: 'invalid-value',
      path: at,
      message,
      hint: didYouMean(type, ['http', 'address', ...others]),
    });
  }
  return false;
}

/** An endpoint is `{url}` or a list of exactly one of these. */
function readEndpoint(source: SourceFile, path: Path): string | undefined {
  const written = valueAt(source.value, path);
  if (absent(written)) return undefined;
  if (Array.isArray(written) && written.length !== 1) {
    const message = `Found ${written.length} endpoints, expected one: balancing load is not supported yet.`;
    source.error({ code: 'not-supported', path, message });
    return undefined;
  }
  const at = Array.isArray(written) ? [...path, 0] : path;
  const endpoint = checkValue(source, endpointSchema, at);
  if (endpoint === undefined) return undefined;
  const url = backendUrl(endpoint.url);
  if (typeof url === 'string') return url;
  source.error({ code: 'invalid-value', path: [...at, 'url'], message: `url ${url.problem}.` });
  return undefined;
}

/** The URL with its host in lower case and without a slash at its end, or what is wrong with it. */
function backendUrl(text: string): string | { readonly problem: string } {
  const parts = /^https?:\/\/([^/?#\\]*)(\/[^?#\\]*)?(.*)$/i.exec(text);
  if (parts === null) return { problem: 'must start with http:// or https://' };
  const [, authority = '', path = '', rest = ''] = parts;
  if (authority.includes('@')) return { problem: 'must not hold a user name or password' };
  if (rest !== '') return { problem: `must end before its ${quote(rest.slice(0, 1))}` };
  if (!URL.canParse(text) || new URL(text).port === '0') return { problem: 'has no valid host and port' };
  const trimmed = path.replace(/\/$/, '');
  for (const segment of trimmed.split('/').slice(1)) {
    const unescaped = segment.replace(/%2e/gi, '.').replace(/%[0-9A-Fa-f]{2}|\*/g, 'x');
    const problem = segmentProblem(unescaped);
    if (problem !== undefined) return { problem: `path ${problem}` };
  }
  return new URL(text).origin + trimmed;
}

function warnAboutUnusedLimit(source: SourceFile, limitField: string, endpointField: string): void {
  const message = `maxTps.${limitField} has no effect: the API has no ${endpointField}.`;
  source.warning({ code: 'unused-endpoint-limit', path: [...throughputPath, limitField], message });
}

function absent(value: unknown): boolean {
  return value === undefined || value === null;
}
