import { dialectOf } from './api-definition.ts';
import type { Diagnostic } from './diagnostic.ts';
import { parseExports } from './exports.ts';
import type { HomeFile } from './home.ts';
import { asApi, enveloped, isProduct } from './product-source.ts';
import { type Path, type SourceFile, valueAt } from './source-file.ts';
import { parseTomlFile } from './toml-file.ts';

/** A kind of file that has a place in a home; a product is an API, whose names and paths it shares. */
export type ExportKind = 'policy' | 'application' | 'deny-policy' | 'api' | 'parameters' | 'deployment';

/** A file that has a place in a home. `names` tell it from others of its kind; `stem` is what it would be called there. */
export interface Export {
  readonly kind: ExportKind;
  readonly names: readonly string[];
  readonly stem?: string;
}

/** What a file of a tree of exports is, by what it holds. */
export type Recognised =
  | Export
  /** It can't be read, or WSO2 knows it and nothing is done with it here. */
  | { readonly kind: 'not-served'; readonly what: string }
  | { readonly kind: 'unknown' };

/** Says what a file is; its place and name count only where the text says nothing. */
export function recognise(file: HomeFile): Recognised {
  if (file.path.endsWith('.toml')) return recogniseToml(file);
  if (!/\.(?:yaml|yml|json)$/.test(file.path)) return unknown;
  const problems: Diagnostic[] = [];
  const found = parseExports(file, (problem) => problems.push(problem)).map(({ source }) =>
    source === undefined ? undefined : recogniseDocument(source),
  );
  const [problem] = problems;
  if (problem !== undefined) {
    const { line, column } = problem.at;
    return { kind: 'not-served', what: `${file.path}:${line}:${column} ${problem.message}` };
  }
  const [first = unknown] = found;
  if (found.length === 1 || first.kind === 'unknown' || first.kind === 'not-served') return first;
  const isOneKind = found.every((one) => one?.kind === first.kind);
  const names = found.flatMap((one) => (one !== undefined && 'names' in one ? one.names : []));
  return isOneKind
    ? { kind: first.kind, names }
    : { kind: 'not-served', what: 'It holds things of several kinds; split it.' };
}

const unknown: Recognised = { kind: 'unknown' };

/** Tables that only the deployment.toml of a gateway has. */
const gatewayTables = ['apim', 'throttle_properties', 'sluice'];

function recogniseToml(file: HomeFile): Recognised {
  const names = ['deployment.toml'];
  if (/(?:^|\/)deployment\.toml$/.test(file.path)) return { kind: 'deployment', names };
  const source = parseTomlFile(file, () => undefined);
  const isGateway = gatewayTables.some((table) => valueAt(source?.value, [table]) !== undefined);
  return isGateway ? { kind: 'deployment', names } : unknown;
}

function recogniseDocument(source: SourceFile): Recognised {
  const { value } = source;
  const at = (...path: Path): string | undefined => textAt(value, path);
  const type = at('type')?.toLowerCase();
  if (type === 'throttling policy') return policy(at('subtype'), at('data', 'policyName'));
  if (type === 'application') {
    const name = at('data', 'applicationInfo', 'name');
    const owner = at('data', 'applicationInfo', 'owner');
    return named('application', [owner, name]);
  }
  if (type === 'api') return named('api', [at('data', 'name'), at('data', 'version')]);
  if (isProduct(value)) {
    const { value: product } = asApi(enveloped(source));
    return named('api', [textAt(product, ['data', 'name']), textAt(product, ['data', 'version'])]);
  }
  const condition = at('conditionType') ?? at('data', 'conditionType');
  if (condition !== undefined) {
    const about = valueAt(value, ['conditionValue']) ?? valueAt(value, ['data', 'conditionValue']) ?? null;
    return { kind: 'deny-policy', names: [`${condition} ${JSON.stringify(about)}`] };
  }
  if (dialectOf(value) !== undefined) {
    return named('api', [at('info', 'title')?.replaceAll(' ', ''), at('info', 'version')]);
  }
  if (Array.isArray(valueAt(value, ['environments']))) return { kind: 'parameters', names: [] };
  const what = notServed.find(({ is }) => is(type, value))?.what;
  return what === undefined ? unknown : { kind: 'not-served', what };
}

function policy(subtype: string | undefined, name: string | undefined): Recognised {
  const prefix = prefixes.find(([word]) => word === subtype)?.[1] ?? 'Policy';
  return { kind: 'policy', names: [`${subtype ?? ''} ${name ?? ''}`], stem: `${prefix}-${name ?? ''}` };
}

/** As apictl begins the names of its files. */
const prefixes = [
  ['subscription policy', 'Subscription'],
  ['application policy', 'Application'],
  ['advanced policy', 'Advanced'],
  ['custom rule', 'Custom'],
] as const;

function named(kind: 'application' | 'api', parts: readonly (string | undefined)[]): Recognised {
  const stated = parts.filter((part) => part !== undefined && part !== '');
  return { kind, names: [parts.join('\n')], ...(stated.length > 0 && { stem: stated.join('-') }) };
}

const notServed: readonly {
  readonly is: (type: string | undefined, value: unknown) => boolean;
  readonly what: string;
}[] = [
  { is: (type) => type?.startsWith('mcp') === true, what: 'MCP servers are not supported.' },
  {
    is: (type) => type?.startsWith('operation_policy') === true || type === 'common policy',
    what: 'Policies that change requests and answers (mediation) are not supported.',
  },
  {
    is: (_, value) => textAt(value, ['id', 'apiName']) !== undefined,
    what: 'This is an API as API Manager 3.x exports it; export it with apictl of version 4.',
  },
  {
    is: (_, value) => textAt(value, ['id', 'apiProductName']) !== undefined,
    what: 'This is an API product as API Manager 3.x exports it; export it with apictl of version 4.',
  },
  {
    is: (_, value) => textAt(value, ['subscriber', 'name']) !== undefined,
    what: 'This is an application as API Manager 3.x exports it; export it with apictl of version 4.',
  },
];

function textAt(value: unknown, path: Path): string | undefined {
  const found = valueAt(value, path);
  return typeof found === 'string' || typeof found === 'number' ? String(found) : undefined;
}
