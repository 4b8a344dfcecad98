import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ArchivedFile, readArchive } from '../read-archive.ts';

/** A file of a tree of exports, by its path in the tree. */
export type ExportFile =
  | { readonly path: string; readonly text: string }
  /** The files inside an archive that have a text, and the paths of all. */
  | { readonly path: string; readonly inside: readonly TextFile[]; readonly paths: readonly string[] }
  /** Not looked into, and why. */
  | { readonly path: string; readonly unread: string; readonly isProblem: boolean };

export interface TextFile {
  readonly path: string;
  readonly text: string;
}

const filesMax = 10_000;
const foldersDeepMax = 20;
const fileBytesMax = 1024 * 1024;
const textBytesMax = 256 * 1024 * 1024;

/** A tree that can't be looked through. */
export class TreeError extends Error {
  override readonly name = 'TreeError';
}

/** Reads all files of a tree that may be exports, in the order of their paths. Throws `TreeError`. */
export async function readTree(root: string): Promise<readonly ExportFile[]> {
  const paths: string[] = [];
  await list(root, '', paths, 0);
  const files: ExportFile[] = [];
  let bytes = 0;
  for (const path of paths.toSorted(byCodeUnits)) {
    const file = await readExport(root, path);
    files.push(file);
    const texts = 'text' in file ? [file] : 'inside' in file ? file.inside : [];
    for (const { text } of texts) bytes += text.length;
    if (bytes > textBytesMax)
      throw new TreeError(`The files are larger than ${textBytesMax} bytes together.`);
  }
  return files;
}

async function list(root: string, folder: string, paths: string[], depth: number): Promise<void> {
  if (depth > foldersDeepMax) throw new TreeError(`${folder} lies more than ${foldersDeepMax} folders deep.`);
  const entries = await readdir(join(root, folder), { withFileTypes: true }).catch((error: unknown) => {
    throw new TreeError(`${folder === '' ? root : folder} can't be read: ${reasonOf(error)}.`);
  });
  for (const entry of entries) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    // Version control keeps thousands of files there, none of which is an export.
    if (entry.isDirectory() && entry.name === '.git') continue;
    if (entry.isDirectory()) await list(root, path, paths, depth + 1);
    else paths.push(path);
    if (paths.length > filesMax) throw new TreeError(`There are more than ${filesMax} files.`);
  }
}

async function readExport(root: string, path: string): Promise<ExportFile> {
  const full = join(root, path);
  const ignored = (unread: string): ExportFile => ({ path, unread, isProblem: false });
  const problem = (unread: string): ExportFile => ({ path, unread, isProblem: true });
  if (isPassedOver(path)) return ignored('a hidden file, or a copy that an editor made');
  const isArchive = path.endsWith('.zip');
  if (!isArchive && !hasText.test(path)) return ignored('not a kind of file that exports are');
  try {
    const stats = await lstat(full);
    if (stats.isSymbolicLink()) return problem('This is a link; links are not followed.');
    if (!stats.isFile()) return problem('This is not a regular file.');
    if (isArchive) return await readExportArchive(full, path);
    if (stats.size > fileBytesMax) return problem(`The file is larger than ${fileBytesMax} bytes.`);
    return { path, text: decode(await readFile(full)) };
  } catch (error) {
    if (error instanceof TypeError) return problem('The file is not UTF-8 text.');
    return problem(`The file can't be read: ${reasonOf(error)}.`);
  }
}

const hasText = /\.(?:yaml|yml|json|toml|graphql)$/;

async function readExportArchive(full: string, path: string): Promise<ExportFile> {
  const read = await readArchive(full, (inside) => hasText.test(inside) && !isPassedOver(inside));
  if ('problem' in read) {
    const where = read.path === undefined ? '' : `${read.path}: `;
    return { path, unread: `${where}${read.problem}`, isProblem: true };
  }
  return { path, inside: read.files.flatMap(textOf), paths: read.files.map((file) => file.path) };
}

function textOf({ path, bytes }: ArchivedFile): readonly TextFile[] {
  return bytes === undefined ? [] : [{ path, text: decode(bytes) }];
}

/** Throws `TypeError` for what is not UTF-8. */
function decode(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}

function isPassedOver(path: string): boolean {
  return /(?:^|\/)(?:\.|__MACOSX\/)|~$/.test(path);
}

function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

function byCodeUnits(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
