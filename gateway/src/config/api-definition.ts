import { quote } from './nearest-name.ts';
import { isRecord, type Path, type SourceFile, valueAt } from './source-file.ts';

/*
 * OpenAPI 3.x and Swagger 2.0 as far as a gateway needs them (wso2.md 4.4): which operations an API has, and what WSO2's
 * extensions say about each. Schemas, examples and answers are not looked at.
 */

/** A value of the document, and where it stands. */
export interface Written {
  readonly value: unknown;
  readonly path: Path;
}

export interface DefinedOperation {
  /** The path template; it is the key at `at`'s end but one. */
  readonly target: string;
  /** In upper case. */
  readonly verb: string;
  /** Where the path item is written, and the operation in it: not below the item when a `$ref` led to it. */
  readonly item: Path;
  readonly at: Path;
  readonly authType?: Written;
  readonly tier?: Written;
  readonly scopes?: Written;
}

/** Which dialect a parsed file is written in; nothing for what is no OpenAPI document of a version that is known. */
export function dialectOf(value: unknown): 'openapi' | 'swagger' | undefined {
  if (/^3\.\d/.test(String(valueAt(value, ['openapi'])))) return 'openapi';
  return /^2(?:\.0)?$/.test(String(valueAt(value, ['swagger']))) ? 'swagger' : undefined;
}

const verbs: ReadonlySet<string> = new Set(['get', 'head', 'post', 'put', 'patch', 'delete', 'options']);

/** The operations of a document in its order. What can't be read is reported. */
export function definedOperations(source: SourceFile): readonly DefinedOperation[] {
  const paths = valueAt(source.value, ['paths']);
  if (!isRecord(paths)) return [];
  const operations: DefinedOperation[] = [];
  for (const target of Object.keys(paths)) {
    if (target.startsWith('x-')) continue;
    const item = followed(source, ['paths', target]);
    const written = item === undefined ? undefined : valueAt(source.value, item);
    if (item === undefined || !isRecord(written)) continue;
    for (const key of Object.keys(written)) {
      if (key.toLowerCase() === 'trace') {
        const message = `TRACE of ${quote(target)} is not served.`;
        source.warning({ code: 'not-supported', path: [...item, key], part: 'key', message });
      }
      if (!verbs.has(key.toLowerCase())) continue;
      operations.push(operationAt(source, target, item, key));
    }
  }
  return operations;
}

function operationAt(source: SourceFile, target: string, item: Path, key: string): DefinedOperation {
  const at = [...item, key];
  const authType = authTypeOf(source, at, item);
  const tier = firstOf(source, [
    [...at, 'x-throttling-tier'],
    [...at, 'x-wso2-throttling-tier'],
    [...item, 'x-throttling-tier'],
    [...item, 'x-wso2-throttling-tier'],
  ]);
  const scopes = scopesOf(source, at);
  return {
    target,
    verb: key.toUpperCase(),
    item: ['paths', target],
    at,
    ...(authType && { authType }),
    ...(tier && { tier }),
    ...(scopes && { scopes }),
  };
}

/** `x-wso2-disable-security` of the operation, its path or the whole document opens an operation; else it says itself. */
function authTypeOf(source: SourceFile, at: Path, item: Path): Written | undefined {
  for (const path of [at, item, []]) {
    const found = firstOf(source, [[...path, 'x-wso2-disable-security']]);
    if (found?.value === true || found?.value === 'true') return { value: 'None', path: found.path };
    if (found !== undefined) break;
  }
  return firstOf(source, [[...at, 'x-auth-type']]);
}

/** Each scope that any of the security requirements names, of the operation or else of the whole document. */
function scopesOf(source: SourceFile, at: Path): Written | undefined {
  const found = firstOf(source, [[...at, 'security'], ['security']]);
  if (found === undefined || !Array.isArray(found.value)) return undefined;
  const scopes = found.value.flatMap((requirement: unknown) =>
    isRecord(requirement) ? Object.values(requirement).flat() : [],
  );
  const names = [...new Set(scopes.filter((scope) => typeof scope === 'string'))];
  return names.length === 0 ? undefined : { value: names, path: found.path };
}

/** The first of the values at these paths that is there. */
export function firstOf(source: SourceFile, paths: readonly Path[]): Written | undefined {
  for (const path of paths) {
    const value = valueAt(source.value, path);
    if (value !== undefined && value !== null) return { value, path };
  }
  return undefined;
}

/** More references in a row than these go in a circle or are a mistake. */
const referencesMax = 20;

/** Where what a path names is written, references inside the document followed. Others are an error, and nothing comes back. */
function followed(source: SourceFile, from: Path): Path | undefined {
  let path = from;
  for (let steps = 0; ; steps++) {
    const at = [...path, '$ref'];
    const reference = valueAt(source.value, at);
    if (reference === undefined) return path;
    const target = typeof reference === 'string' ? pointed(reference) : undefined;
    if (steps < referencesMax && target !== undefined && valueAt(source.value, target) !== undefined) {
      path = target;
      continue;
    }
    const message =
      target === undefined
        ? '$ref: only references inside the document (#/…) are followed.'
        : '$ref leads nowhere, or in a circle.';
    source.error({ code: target === undefined ? 'not-supported' : 'invalid-value', path: at, message });
    return undefined;
  }
}

/** The steps of a JSON pointer into the same document (RFC 6901). */
function pointed(reference: string): Path | undefined {
  if (!reference.startsWith('#/')) return undefined;
  return reference
    .slice(2)
    .split('/')
    .map((step) => unescaped(step).replaceAll('~1', '/').replaceAll('~0', '~'));
}

function unescaped(step: string): string {
  return step.replace(/%(?:2[Ff]|7[Bb]|7[Dd])/g, (code) =>
    String.fromCharCode(Number.parseInt(code.slice(1), 16)),
  );
}
