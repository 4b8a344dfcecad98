import { join } from 'node:path';
import type { DiagnosticCode } from '../config/diagnostic.ts';
import { type HomeFile, projectPartOf, roleOf } from '../config/home.ts';
import { type ArchivedFile, readArchive } from './read-archive.ts';

/** A zip archive of a home as the files of the project in it: `apis/NAME.zip` gives `apis/NAME.zip/NAME-1.0.0/api.yaml`. */
export async function archiveFiles(
  homePath: string,
  path: string,
  report: (code: DiagnosticCode, path: string, message: string) => void,
): Promise<readonly HomeFile[]> {
  const read = await readArchive(join(homePath, path), (inside) => roleOf(`${path}/${inside}`) !== undefined);
  if ('problem' in read) {
    report('unreadable-file', read.path === undefined ? path : `${path}/${read.path}`, read.problem);
    return [];
  }
  const files = read.files.filter((file) => !isPassedOver(file.path));
  const known: HomeFile[] = [];
  for (const { path: inside, bytes } of files) {
    const text = bytes === undefined ? undefined : decode(bytes);
    if (text !== undefined) known.push({ path: `${path}/${inside}`, text });
    else if (bytes !== undefined)
      report('unreadable-file', `${path}/${inside}`, 'The file is not UTF-8 text.');
  }
  if (known.length === 0) return [{ path: `${path}/`, text: '' }];
  return [...known, ...otherParts(path, files, known)];
}

/** Hidden files and editors' copies, as in folders, and what a Mac adds. */
function isPassedOver(path: string): boolean {
  return /(?:^|\/)(?:\.|__MACOSX\/)|~$/.test(path);
}

/** What else lies in the projects, each folder once. */
function otherParts(
  path: string,
  files: readonly ArchivedFile[],
  known: readonly HomeFile[],
): readonly HomeFile[] {
  const found = new Set(known.flatMap((file) => projectPartOf(file.path)?.project ?? []));
  // Those inside of others first.
  const projects = [...found].sort((a, b) => b.length - a.length);
  const parts = new Set<string>();
  for (const { path: inside, bytes } of files) {
    if (bytes !== undefined) continue;
    const whole = `${path}/${inside}`;
    const project = projects.find((folder) => whole.startsWith(`${folder}/`)) ?? path;
    const [first = '', ...rest] = whole.slice(project.length + 1).split('/');
    parts.add(rest.length === 0 || first === 'Definitions' ? whole : `${project}/${first}/`);
  }
  return [...parts].map((part) => ({ path: part, text: '' }));
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
