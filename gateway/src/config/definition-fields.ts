import { dialectOf, firstOf, type Written } from './api-definition.ts';
import type { Graft } from './grafted-source.ts';
import { type Path, type SourceFile, valueAt } from './source-file.ts';

/*
 * What an OpenAPI document says about its API as a whole (wso2.md 4.4), as the fields of an api.yaml that say the same.
 */

/** Fields that a document may say in a project too, where api.yaml doesn't. */
export function definedSettings(source: SourceFile): readonly Graft[] {
  const fields: readonly (readonly [field: string, extensions: readonly string[]])[] = [
    ['authorizationHeader', ['x-wso2-auth-header']],
    ['apiKeyHeader', ['x-wso2-api-key-header']],
    ['corsConfiguration', ['x-wso2-cors']],
    ['apiThrottlingPolicy', ['x-throttling-tier', 'x-wso2-throttling-tier']],
  ];
  const grafts = fields.flatMap(([field, extensions]) => {
    const written = firstOf(
      source,
      extensions.map((extension) => [extension]),
    );
    return written === undefined ? [] : [graft(source, ['data', field], written)];
  });
  return [...grafts, ...securityOf(source), ...endpointsOf(source)];
}

/** Everything that an API needs, of a document that has no api.yaml beside it. */
export function wholeDefinition(source: SourceFile): readonly Graft[] {
  const title = firstOf(source, [['info', 'title']]);
  const version = firstOf(source, [['info', 'version']]);
  const name = typeof title?.value === 'string' ? title.value.replaceAll(' ', '') : title?.value;
  const settings = definedSettings(source);
  const hasEndpoints = settings.some(({ at }) => at[1] === 'endpointConfig');
  return [
    graft(source, [], { value: { type: 'api', data: { type: 'HTTP', policies: [] } }, path: [] }),
    ...(title === undefined ? [] : [graft(source, ['data', 'name'], { ...title, value: name })]),
    ...(version === undefined ? [] : [graft(source, ['data', 'version'], version)]),
    ...contextOf(source, String(name), String(version?.value)),
    ...settings,
    ...(hasEndpoints ? [] : serverOf(source)),
  ];
}

/** As apictl makes one: the base path, else the API's name. One without a place for the version is also served without it. */
function contextOf(source: SourceFile, name: string, version: string): readonly Graft[] {
  const basePath = firstOf(source, [['x-wso2-basePath'], ['basePath']]);
  const written = basePath ?? { value: `/${name}`, path: ['info', 'title'] };
  if (typeof written.value !== 'string') return [graft(source, ['data', 'context'], written)];
  const trimmed = written.value.replace(/(?<=.)\/$/, '');
  const isVersioned = trimmed.endsWith(`/${version}`);
  const context = isVersioned ? trimmed.slice(0, -version.length - 1) : trimmed;
  const isDefault = basePath !== undefined && !isVersioned && !context.includes('{version}');
  return [
    graft(source, ['data', 'context'], { value: context, path: written.path }),
    ...(isDefault ? [graft(source, ['data', 'isDefaultVersion'], { value: true, path: written.path })] : []),
  ];
}

function securityOf(source: SourceFile): readonly Graft[] {
  const types = firstOf(source, [['x-wso2-application-security', 'security-types']]);
  const optional = valueAt(source.value, ['x-wso2-application-security', 'optional']);
  const certificates = firstOf(source, [['x-wso2-mutual-ssl']]);
  const named: readonly unknown[] = Array.isArray(types?.value) ? types.value : [];
  const schemes = [
    ...named,
    ...(named.length > 0 && optional !== true ? ['oauth_basic_auth_api_key_mandatory'] : []),
    ...(certificates?.value === 'mandatory' ? ['mutualssl', 'mutualssl_mandatory'] : []),
  ];
  const path = types?.path ?? certificates?.path;
  if (path === undefined || schemes.length === 0) return [];
  return [graft(source, ['data', 'securityScheme'], { value: schemes, path })];
}

const endpointPath: Path = ['data', 'endpointConfig'];

/** `x-wso2-production-endpoints` and its twin as the endpointConfig that apictl makes of them. */
function endpointsOf(source: SourceFile): readonly Graft[] {
  const production = writtenUrls(source, 'x-wso2-production-endpoints');
  const sandbox = writtenUrls(source, 'x-wso2-sandbox-endpoints');
  const main = production ?? sandbox;
  if (main === undefined) return [];
  const type = endpointType(main);
  return [
    graft(source, [...endpointPath, 'endpoint_type'], { value: type, path: main.path }),
    ...(production === undefined ? [] : urlGrafts(source, 'production', type, production)),
    ...(sandbox === undefined ? [] : urlGrafts(source, 'sandbox', type, sandbox)),
  ];
}

interface Urls {
  readonly path: Path;
  readonly type: unknown;
  readonly urls: readonly Written[];
}

function writtenUrls(source: SourceFile, extension: string): Urls | undefined {
  const urls = valueAt(source.value, [extension, 'urls']);
  if (!Array.isArray(urls) || urls.length === 0) return undefined;
  const items: readonly unknown[] = urls;
  return {
    path: [extension],
    type: valueAt(source.value, [extension, 'type']),
    urls: items.map((value, index) => ({ value, path: [extension, 'urls', index] })),
  };
}

function endpointType({ urls, type }: Urls): 'http' | 'failover' | 'load_balance' {
  if (urls.length === 1) return 'http';
  return type === 'failover' ? 'failover' : 'load_balance';
}

function urlGrafts(
  source: SourceFile,
  keyType: 'production' | 'sandbox',
  type: ReturnType<typeof endpointType>,
  { urls, path }: Urls,
): readonly Graft[] {
  const list = (field: string, items: readonly Written[]): readonly Graft[] => [
    graft(source, [...endpointPath, field], { value: items.map(({ value }) => ({ url: value })), path }),
    ...items.map((item, index) => graft(source, [...endpointPath, field, index, 'url'], item)),
  ];
  if (type === 'load_balance') return list(`${keyType}_endpoints`, urls);
  const [first, ...others] = urls;
  if (first === undefined) return [];
  return [
    graft(source, [...endpointPath, `${keyType}_endpoints`, 'url'], first),
    ...(type === 'failover' && others.length > 0 ? list(`${keyType}_failovers`, others) : []),
  ];
}

/** The document's own word for where its API is: a server with a whole URL (3.x), or a host (2.0). */
function serverOf(source: SourceFile): readonly Graft[] {
  const url = dialectOf(source.value) === 'openapi' ? firstServer(source) : hostUrl(source);
  return url === undefined ? [] : [graft(source, [...endpointPath, 'production_endpoints', 'url'], url)];
}

function firstServer(source: SourceFile): Written | undefined {
  const url = firstOf(source, [['servers', 0, 'url']]);
  return typeof url?.value === 'string' && /^https?:\/\/[^{}]*$/i.test(url.value) ? url : undefined;
}

function hostUrl(source: SourceFile): Written | undefined {
  const host = firstOf(source, [['host']]);
  if (typeof host?.value !== 'string') return undefined;
  const schemes = valueAt(source.value, ['schemes']);
  const scheme = Array.isArray(schemes) && !schemes.includes('https') ? 'http' : 'https';
  const basePath = valueAt(source.value, ['basePath']);
  return {
    value: `${scheme}://${host.value}${typeof basePath === 'string' ? basePath : ''}`,
    path: host.path,
  };
}

function graft(source: SourceFile, at: Path, { value, path }: Written): Graft {
  return { at, value, from: { source, path } };
}
