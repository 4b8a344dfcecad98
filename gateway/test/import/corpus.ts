import { cp, mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importExports, type ImportOptions } from '../../src/cli/commands/import.ts';
import { environment } from '../config/homes.ts';
import { zipOf } from '../support/zip.ts';

const corpus = fileURLToPath(new URL('corpus', import.meta.url));

/** A copy of the exported files in a temporary folder, with archives packed as apictl packs them. */
export async function corpusTree(): Promise<string> {
  const tree = await mkdtemp(join(tmpdir(), 'sluice-exports-'));
  await cp(join(corpus, 'tree'), tree, { recursive: true });
  for (const path of await readdir(join(corpus, 'archives'), { recursive: true })) {
    if (!path.endsWith('.zip')) continue;
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await writeFile(join(tree, path), await zipOf(await filesBelow(join(corpus, 'archives', path))));
  }
  return tree;
}

/** The texts of all files below a folder. */
export async function filesBelow(folder: string): Promise<Readonly<Record<string, string>>> {
  const files: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files[path.slice(folder.length + 1)] = await readFile(path, 'utf8');
  }
  return files;
}

interface Listed {
  readonly files: readonly string[];
  readonly to: readonly string[];
  readonly remarks: readonly { readonly at?: string; readonly code?: string; readonly message: string }[];
}

export interface Lists {
  readonly exact: readonly Listed[];
  readonly approximated: readonly Listed[];
  readonly notSupported: readonly Listed[];
  readonly ignored: readonly Listed[];
  readonly written: readonly string[];
}

/** Runs `sluice import` in this process. */
export async function runImport(
  options: Pick<ImportOptions, 'from' | 'to'> & Partial<ImportOptions>,
): Promise<{ readonly code: number; readonly output: string; readonly said: string }> {
  let [output, said] = ['', ''];
  const code = await importExports({
    overwrite: false,
    dryRun: false,
    json: true,
    stdout: { write: (text) => (output += text) },
    stderr: { write: (text) => (said += text) },
    environment,
    ...options,
  });
  return { code, output, said };
}

export function listsOf(output: string): Lists {
  return JSON.parse(output) as Lists;
}
