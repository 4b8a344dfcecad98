import { stat } from 'node:fs/promises';
import type { Environment, Home } from '../../config/home.ts';
import { writeFile, WriteError } from '../../home/write-file.ts';
import { exitCodes } from '../exit-codes.ts';
import { groupExports } from '../import/export-items.ts';
import { readTree, TreeError } from '../import/export-tree.ts';
import { type Imported, printImported } from '../import/imported.ts';
import { placeItems } from '../import/place-items.ts';
import { type SortedItem, sortItems } from '../import/sort-items.ts';
import { type Output, printDiagnostics } from '../print-diagnostics.ts';
import { readHome } from '../read-home.ts';

export interface ImportOptions {
  /** The tree of exports. */
  readonly from: string;
  /** The home to fill. */
  readonly to: string;
  readonly overwrite: boolean;
  /** Writes nothing. */
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly environment: Environment;
}

/**
 * `sluice import`: takes over what a tree of WSO2's exports holds and a gateway can serve, and says of every file what became of
 * it. Gives the exit code: 1 when something is not supported, or was kept as the home has it.
 */
export async function importExports(options: ImportOptions): Promise<number> {
  const { from, to, overwrite, dryRun, json, stdout, stderr, environment } = options;
  try {
    const home = await homeAt(to, stderr);
    if (home === undefined) return exitCodes.badConfiguration;
    const grouped = groupExports(await readTree(from));
    const placed = placeItems(grouped.items, home, { overwrite });
    const sorted = sortItems(placed.items, home, environment);
    if ('broken' in sorted) {
      printDiagnostics(sorted.broken, stderr);
      stderr.write(`${to} can't be used as it is: nothing was taken over.\n`);
      return exitCodes.badConfiguration;
    }
    const written = dryRun ? [] : await writeAll(to, home, sorted.sorted);
    const imported: Imported = {
      sorted: sorted.sorted,
      notSupported: [...grouped.notSupported, ...placed.notSupported],
      ignored: [...grouped.ignored, ...placed.ignored],
      kept: placed.kept,
      written,
    };
    printImported(imported, { to, json, dryRun, stdout });
    return exitCodeOf(imported);
  } catch (error) {
    if (!(error instanceof TreeError || error instanceof WriteError)) throw error;
    stderr.write(`${error.message}\n`);
    return error instanceof TreeError ? exitCodes.badConfiguration : exitCodes.failed;
  }
}

function exitCodeOf({ sorted, notSupported, kept }: Imported): number {
  const isComplete = sorted.every(({ outcome }) => outcome !== 'not-supported');
  return isComplete && notSupported.length === 0 && kept.length === 0 ? exitCodes.done : exitCodes.failed;
}

/** The files of a home that may not be there yet; nothing when it can't be read, which is printed. */
async function homeAt(path: string, stderr: Output): Promise<Home | undefined> {
  const exists = await stat(path).then(
    () => true,
    () => false,
  );
  if (!exists) return [];
  const read = await readHome(path);
  if ('home' in read) return read.home;
  if (read.diagnostics.every(({ code, message }) => code === 'missing-home' && /holds no file/.test(message)))
    return [];
  printDiagnostics(read.diagnostics, stderr);
  return undefined;
}

/** Writes what differs; when one file can't be written, all are as they were. Gives the paths. Throws `WriteError`. */
async function writeAll(to: string, home: Home, sorted: readonly SortedItem[]): Promise<readonly string[]> {
  const before = new Map(home.map(({ path, text }) => [path, text]));
  const files = sorted
    .filter(({ outcome }) => outcome !== 'not-supported')
    .flatMap(({ item: { place, parts } }) =>
      parts.flatMap(({ path, text }) => (text === undefined ? [] : [{ path: place + path, text }])),
    )
    .filter(({ path, text }) => before.get(path) !== text);
  const written: string[] = [];
  try {
    for (const file of files) {
      await writeFile(to, file);
      written.push(file.path);
    }
  } catch (error) {
    for (const path of written) await writeFile(to, { path, text: before.get(path) });
    throw error;
  }
  return written;
}
