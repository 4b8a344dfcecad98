import { type DefinedOperation, definedOperations, dialectOf } from './api-definition.ts';
import { definedSettings, wholeDefinition } from './definition-fields.ts';
import { type Graft, graftedSource } from './grafted-source.ts';
import { quote } from './nearest-name.ts';
import { outlineOf } from './path-template.ts';
import { isRecord, type Path, type SourceFile, valueAt } from './source-file.ts';

const operationsPath: Path = ['data', 'operations'];

/** An API that is an OpenAPI document alone, as an api.yaml that says the same. */
export function apiOfDefinition(definition: SourceFile): SourceFile {
  reportUnread(definition);
  const operations = operationGrafts(definition, definedOperations(definition));
  return graftedSource(definition, [...wholeDefinition(definition), ...operations]);
}

/**
 * An API of a project with its OpenAPI document: what api.yaml leaves open, the document says. Where both say something,
 * api.yaml's is meant, and what differs is reported.
 */
export function withDefinition(api: SourceFile, definition: SourceFile): SourceFile {
  if (dialectOf(definition.value) === undefined) {
    const message =
      'This is no OpenAPI document of version 3 or 2.0; the API is served as its api.yaml says.';
    definition.warning({ code: 'ignored-file', path: [], message });
    return api;
  }
  const type = valueAt(api.value, ['data', 'type']) ?? 'HTTP';
  if (typeof type === 'string' && !hasOpenApi.has(type)) return api;
  const settings = definedSettings(definition).filter(({ at }) => isLeftOpen(api, at.slice(0, 2)));
  const operations = definedOperations(definition);
  const written = valueAt(api.value, operationsPath);
  if (!Array.isArray(written) || written.length === 0)
    return graftedSource(api, [...settings, ...operationGrafts(definition, operations)]);
  reportDifferences(api, definition, operations);
  return graftedSource(api, settings);
}

/** Types of APIs whose operations an OpenAPI document lists. */
const hasOpenApi: ReadonlySet<string> = new Set(['HTTP', 'SOAPTOREST', 'SOAP']);

function isLeftOpen(api: SourceFile, path: Path): boolean {
  const value = valueAt(api.value, path);
  return value === undefined || (value === null && path[1] !== 'apiThrottlingPolicy');
}

function operationGrafts(source: SourceFile, operations: readonly DefinedOperation[]): readonly Graft[] {
  if (operations.length === 0) return [];
  const value = operations.map(({ target, verb, authType, tier, scopes }) => ({
    target,
    verb,
    ...(authType && { authType: authType.value }),
    ...(tier && { throttlingPolicy: tier.value }),
    ...(scopes && { scopes: scopes.value }),
  }));
  const places = operations.flatMap((operation, index) => {
    const at = [...operationsPath, index];
    const fields = {
      authType: operation.authType,
      throttlingPolicy: operation.tier,
      scopes: operation.scopes,
    };
    return [
      { at, from: { source, path: operation.at, part: 'key' as const } },
      { at: [...at, 'target'], from: { source, path: operation.item, part: 'key' as const } },
      { at: [...at, 'verb'], from: { source, path: operation.at, part: 'key' as const } },
      ...Object.entries(fields).flatMap(([field, written]) =>
        written === undefined ? [] : [{ at: [...at, field], from: { source, path: written.path } }],
      ),
    ];
  });
  return [{ at: operationsPath, value, from: { source, path: ['paths'], part: 'key' } }, ...places];
}

/** Extensions of a document alone that ask for something this gateway doesn't do. */
function reportUnread(definition: SourceFile): void {
  const root = isRecord(definition.value) ? definition.value : {};
  for (const key of Object.keys(root)) {
    if (!key.startsWith('x-wso2-') || readExtensions.has(key)) continue;
    const message = `${key.slice(0, 80)} has no effect here.`;
    definition.note({ code: 'no-effect', path: [key], part: 'key', message });
  }
  const paths = valueAt(root, ['paths']);
  for (const [target, item] of Object.entries(isRecord(paths) ? paths : {})) {
    for (const key of Object.keys(isRecord(item) ? item : {})) {
      if (!/^x-wso2-(production|sandbox)-endpoints$/.test(key)) continue;
      const message = `${quote(target)} has endpoints of its own, which is not supported yet.`;
      definition.error({ code: 'not-supported', path: ['paths', target, key], part: 'key', message });
    }
  }
}

const readExtensions: ReadonlySet<string> = new Set([
  'x-wso2-basePath',
  'x-wso2-production-endpoints',
  'x-wso2-sandbox-endpoints',
  'x-wso2-throttling-tier',
  'x-wso2-auth-header',
  'x-wso2-cors',
  'x-wso2-api-key-header',
  'x-wso2-application-security',
  'x-wso2-mutual-ssl',
  'x-wso2-disable-security',
]);

function reportDifferences(
  api: SourceFile,
  definition: SourceFile,
  operations: readonly DefinedOperation[],
): void {
  const defined = new Map(
    operations.map((operation) => [keyOf(operation.verb, operation.target), operation]),
  );
  const written = valueAt(api.value, operationsPath);
  const listed = new Set<string>();
  for (const [index, item] of (Array.isArray(written) ? written : []).entries()) {
    const at = [...operationsPath, index];
    const [target, verb] = [valueAt(item, ['target']), valueAt(item, ['verb'])];
    if (typeof target !== 'string' || typeof verb !== 'string') continue;
    const key = keyOf(verb, target);
    listed.add(key);
    const operation = defined.get(key);
    if (operation === undefined) {
      const message = `${verb} ${quote(target)} is not in the API's definition; it is served all the same.`;
      api.warning({ code: 'definition-differs', path: at, message });
    } else reportSettings(api, at, definition, operation);
  }
  for (const [key, { verb, target, at }] of defined) {
    if (listed.has(key) || listed.has(keyOf('*', target))) continue;
    const message = `${verb} ${quote(target)} is not among the operations of api.yaml, so it is not served.`;
    definition.warning({ code: 'definition-differs', path: at, part: 'key', message });
  }
}

/** WSO2 writes both files; who edits one by hand may think that the other holds. */
function reportSettings(
  api: SourceFile,
  at: Path,
  definition: SourceFile,
  operation: DefinedOperation,
): void {
  const settings = [
    { field: 'throttlingPolicy', other: operation.tier, unless: 'Unlimited' },
    { field: 'authType', other: operation.authType, unless: 'Application & Application User' },
  ];
  for (const { field, other, unless } of settings) {
    const path = [...at, field];
    const written = valueAt(api.value, path) ?? unless;
    if (typeof other?.value !== 'string' || typeof written !== 'string' || written === other.value) continue;
    const { file, line } = definition.place(other.path);
    const message = `The API's definition says ${quote(other.value)}, at ${file}:${line}; ${quote(written)} holds.`;
    api.warning({ code: 'definition-differs', path, message });
  }
}

function keyOf(verb: string, target: string): string {
  return `${verb.toUpperCase()} ${outlineOf(target)}`;
}
