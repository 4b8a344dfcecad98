import type { Api, Cors } from '../policy/catalogue.ts';
import type { ReadGraphql } from './api-graphql.ts';
import { type ApiFile, readApi } from './api-project.ts';
import { readProduct } from './api-product.ts';
import { stemOf } from './home.ts';
import { quote } from './nearest-name.ts';
import type { PolicyBook } from './policy-book.ts';
import { isProduct } from './product-source.ts';
import { type ParsedFile, type Path, type SourceFile, valueAt } from './source-file.ts';
import { reportUnknownApi } from './unknown-api.ts';

/** All APIs of the home, products among them. */
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
  const isBroken = (name: string, version: string | null | undefined): boolean =>
    broken.has(name) || broken.has(`${name}-${version}`);
  const add = ({ path, source }: ParsedFile, file: ApiFile | undefined): void => {
    if (file === undefined) return addNames(path, source, broken);
    const key = keyOf(file.api);
    const sameName = byName.get(key);
    if (sameName === undefined) byName.set(key, file);
    else
      reportConflict(file, sameName, 'name', `There is another API ${quote(file.api.name)} of this version`);
    if (file.served) claimPaths(file, byBasePath);
  };
  const [products, apis] = parted(files);
  for (const parsed of apis)
    add(parsed, parsed.source && readApi(parsed.source, book, readGraphql, commonCors));
  const members = { files: [...byName.values()], isBroken };
  for (const parsed of products)
    add(parsed, parsed.source && readProduct(parsed.source, book, members, commonCors));
  return {
    files: [...byName.values()],
    apis: [...byName.values()].filter(({ served }) => served).map(({ api }) => api),
    find(api, source, path) {
      const found = byName.get(keyOf(api));
      if (found === undefined && !isBroken(api.name, api.version)) {
        const known = [...byName.values()].map((file) => file.api);
        reportUnknownApi(api, known, source, path);
      }
      return found;
    },
  };
}

/** Products come after what they are made of. */
function parted(
  files: readonly ParsedFile[],
): readonly [products: readonly ParsedFile[], apis: readonly ParsedFile[]] {
  const isOne = ({ source }: ParsedFile): boolean => isProduct(source?.value);
  return [files.filter(isOne), files.filter((file) => !isOne(file))];
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

/** The names a file with errors may stand for: what it says, its id, and its file's or folder's name as apictl chooses it. */
function addNames(path: string, source: SourceFile | undefined, names: Set<string>): void {
  for (const field of ['name', 'id']) {
    const stated = valueAt(source?.value, ['data', field]);
    if (typeof stated === 'string') names.add(stated);
  }
  names.add(stemOf(path));
}

function keyOf(api: ApiName): string {
  return JSON.stringify([api.name, api.version]);
}
