import type { Api, Cors } from '../policy/catalogue.ts';
import type { ReadGraphql } from './api-graphql.ts';
import { type ApiFile, readApi } from './api-project.ts';
import { stemOf } from './home.ts';
import { didYouMean, quote } from './nearest-name.ts';
import type { PolicyBook } from './policy-book.ts';
import { type ParsedFile, type Path, type SourceFile, valueAt } from './source-file.ts';

/** All APIs of the home. */
export interface ApiCatalogue {
  /** The APIs that are served, in the order of their files. */
  readonly apis: readonly Api[];
  /** All files that could be read. */
  readonly files: readonly ApiFile[];
  /**
   * The API of a name and version. One that doesn't exist is reported at the path where the file names it; one whose own
   * file has errors gives nothing and no second error.
   */
  find(api: ApiName, source: SourceFile, path: Path): ApiFile | undefined;
}

export interface ApiName {
  readonly name: string;
  readonly version: string;
}

/** Reads all API files. Two APIs that share a name and version, or a path, are an error at the second. */
export function readApis(
  files: readonly ParsedFile[],
  book: PolicyBook,
  readGraphql: ReadGraphql,
  commonCors?: Cors,
): ApiCatalogue {
  const byName = new Map<string, ApiFile>();
  const byBasePath = new Map<string, ApiFile>();
  const broken = new Set<string>();
  for (const { path, source } of files) {
    const file = source && readApi(source, book, readGraphql, commonCors);
    if (file === undefined) {
      addNames(path, source, broken);
      continue;
    }
    const key = keyOf(file.api);
    const sameName = byName.get(key);
    if (sameName === undefined) byName.set(key, file);
    else
      reportConflict(file, sameName, 'name', `There is another API ${quote(file.api.name)} of this version`);
    if (file.served) claimPaths(file, byBasePath);
  }
  return {
    files: [...byName.values()],
    apis: [...byName.values()].filter(({ served }) => served).map(({ api }) => api),
    find(api, source, path) {
      const found = byName.get(keyOf(api));
      const isBroken = broken.has(api.name) || broken.has(`${api.name}-${api.version}`);
      if (found === undefined && !isBroken) reportUnknown(api, [...byName.values()], source, path);
      return found;
    },
  };
}

function claimPaths(file: ApiFile, byBasePath: Map<string, ApiFile>): void {
  for (const basePath of file.api.basePaths) {
    const first = byBasePath.get(basePath);
    if (first === undefined) byBasePath.set(basePath, file);
    // The same name and version is reported already, and means the same path in nearly every case.
    else if (keyOf(first.api) !== keyOf(file.api)) {
      reportConflict(file, first, 'context', `Another API is served at ${basePath} too`);
    }
  }
}

function reportConflict(file: ApiFile, first: ApiFile, field: 'name' | 'context', what: string): void {
  const { file: path, line } = first.source.place(['data', field]);
  const message = `${what}, at ${path}:${line}.`;
  file.source.error({ code: field === 'name' ? 'duplicate' : 'conflict', path: ['data', field], message });
}

function reportUnknown(api: ApiName, known: readonly ApiFile[], source: SourceFile, path: Path): void {
  const versions = known.filter((file) => file.api.name === api.name).map((file) => file.api.version);
  const names = [...new Set(known.map((file) => file.api.name))];
  const [message, hint] =
    versions.length > 0
      ? [
          `There is no version ${quote(api.version)} of the API ${quote(api.name)}.`,
          didYouMean(api.version, versions),
        ]
      : [`There is no API named ${quote(api.name)}.`, didYouMean(api.name, names)];
  source.error({ code: 'unknown-api', path, message, hint });
}

/** The names a file with errors may stand for: what it says, and its file's or folder's name as apictl chooses it. */
function addNames(path: string, source: SourceFile | undefined, names: Set<string>): void {
  const stated = valueAt(source?.value, ['data', 'name']);
  if (typeof stated === 'string') names.add(stated);
  names.add(stemOf(path));
}

function keyOf(api: ApiName): string {
  return JSON.stringify([api.name, api.version]);
}
