import type { Stats } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Diagnostic, DiagnosticCode } from '../config/diagnostic.ts';
import { deploymentPaths, type Home, homeBounds, type HomeFile, roleOf } from '../config/home.ts';
import type { ReadHome } from '../home/home-edit.ts';
import { archiveFiles } from './archive-files.ts';

/** The last one for all files together. */
const { fileBytesMax, filesMax, bytesMax: homeBytesMax } = homeBounds;
const tooManyFiles = `The home holds more than ${filesMax} files.`;

/**
 * Reads the files of a home folder that mean something (contract.md 2). Hidden files and editors' copies are passed over;
 * whatever else lies among the files comes back without its text, so that it can be reported.
 */
export async function readHome(homePath: string): Promise<ReadHome> {
  const diagnostics: Diagnostic[] = [];
  const report: ReportFile = (code, path, message) => {
    diagnostics.push({ severity: 'error', code, message, at: { file: path, line: 1, column: 1, text: '' } });
  };
  const missing = await whyNoFolder(homePath);
  if (missing !== undefined) {
    report('missing-home', homePath, missing);
    return { diagnostics };
  }
  const paths = await listFiles(homePath, report);
  const home = paths.length > filesMax ? [] : await readFiles(homePath, paths, report);
  if (paths.length > filesMax) report('too-large', homePath, tooManyFiles);
  else if (paths.length === 0) report('missing-home', homePath, 'The folder holds no file of a home.');
  return diagnostics.length === 0 ? { home } : { diagnostics };
}

type ReportFile = (code: DiagnosticCode, path: string, message: string) => void;

/** All paths of a home that are of interest, relative to it; a slash ends those of folders that aren't opened. */
async function listFiles(homePath: string, report: ReportFile): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const path of deploymentPaths) {
    if (await exists(join(homePath, path))) paths.push(path);
  }
  for (const folder of ['apis', 'policies', 'applications', 'deny-policies', 'revoked-tokens']) {
    paths.push(...(await listProjects(homePath, folder, report)));
    if (paths.length > filesMax) return paths;
  }
  return paths;
}

/** The files of a folder, and those of the projects in it, where it is one that has projects. */
async function listProjects(
  homePath: string,
  folder: string,
  report: ReportFile,
): Promise<readonly string[]> {
  const hasProjects = /^(?:apis|applications)(?:\/|$)/.test(folder);
  const paths: string[] = [];
  for (const path of await listFolder(homePath, folder, report)) {
    if (!(await isFolder(join(homePath, path)))) paths.push(path);
    else paths.push(...(hasProjects ? await listProject(homePath, path, report) : [`${path}/`]));
    if (paths.length > filesMax) return paths;
  }
  return paths;
}

/** The files of a project, and its other folders; the folder itself where nothing in it means anything. */
async function listProject(homePath: string, path: string, report: ReportFile): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const part of await listFolder(homePath, path, report)) {
    if (!(await isFolder(join(homePath, part)))) paths.push(part);
    else if (/^apis\/[^/]+\/APIs$/.test(part)) paths.push(...(await listProjects(homePath, part, report)));
    else {
      const inside = await listFolder(homePath, part, report);
      if (inside.length > 0) paths.push(...(part.endsWith('/Definitions') ? inside : [`${part}/`]));
    }
  }
  return paths.some((part) => roleOf(part) !== undefined) ? paths : [`${path}/`];
}

async function listFolder(homePath: string, folder: string, report: ReportFile): Promise<readonly string[]> {
  const path = join(homePath, folder);
  if (!(await exists(path))) return [];
  try {
    const names = await readdir(path);
    const wanted = names.toSorted().filter((name) => !/^\.|~$/.test(name));
    return wanted.map((name) => `${folder}/${name}`);
  } catch (error) {
    report('unreadable-file', folder, `The folder can't be read: ${reasonOf(error)}.`);
    return [];
  }
}

async function readFiles(homePath: string, paths: readonly string[], report: ReportFile): Promise<Home> {
  const home: HomeFile[] = [];
  let bytes = 0;
  for (const path of paths) {
    const files = await readFileOf(homePath, path, report);
    home.push(...files);
    for (const { text } of files) bytes += text.length;
    if (bytes <= homeBytesMax && home.length <= filesMax) continue;
    if (bytes > homeBytesMax)
      report('too-large', homePath, `The files of the home are larger than ${homeBytesMax} bytes together.`);
    else report('too-large', homePath, tooManyFiles);
    break;
  }
  return home;
}

/** A file, or the files of an archive. */
async function readFileOf(homePath: string, path: string, report: ReportFile): Promise<readonly HomeFile[]> {
  if (/^(?:apis|applications)\/[^/]+\.zip$/.test(path)) return archiveFiles(homePath, path, report);
  if (roleOf(path) === undefined) return [{ path, text: '' }];
  const text = await readText(homePath, path, report);
  return text === undefined ? [] : [{ path, text }];
}

async function readText(homePath: string, path: string, report: ReportFile): Promise<string | undefined> {
  const fullPath = join(homePath, path);
  try {
    const stats = await stat(fullPath);
    if (!stats.isFile()) report('unreadable-file', path, 'This is not a regular file.');
    else if (stats.size > fileBytesMax)
      report('too-large', path, `The file is larger than ${fileBytesMax} bytes.`);
    else return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(fullPath));
  } catch (error) {
    const isEncoding = error instanceof TypeError;
    const why = isEncoding ? 'The file is not UTF-8 text.' : `The file can't be read: ${reasonOf(error)}.`;
    report('unreadable-file', path, why);
  }
  return undefined;
}

async function whyNoFolder(path: string): Promise<string | undefined> {
  const stats = await statOf(path);
  if (typeof stats !== 'string') return stats.isDirectory() ? undefined : 'This is not a folder.';
  return isAbsent(stats) ? 'There is no such folder.' : `The folder can't be read: ${stats}.`;
}

async function isFolder(path: string): Promise<boolean> {
  const stats = await statOf(path);
  return typeof stats !== 'string' && stats.isDirectory();
}

/** True also when it can't be told: reading it then says why. */
async function exists(path: string): Promise<boolean> {
  const stats = await statOf(path);
  return typeof stats !== 'string' || !isAbsent(stats);
}

async function statOf(path: string): Promise<Stats | string> {
  try {
    return await stat(path);
  } catch (error) {
    return reasonOf(error);
  }
}

function isAbsent(reason: string): boolean {
  return reason === 'ENOENT' || reason === 'ENOTDIR';
}

/** `ENOENT`, `EACCES`, …: the whole message would repeat the path. */
function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
