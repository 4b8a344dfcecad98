import { readFile, stat } from 'node:fs/promises';
import { type Entry, fromBufferPromise, type ZipFile } from 'yauzl';

/** A file of an archive by its path in it; its bytes when they were asked for. */
export interface ArchivedFile {
  readonly path: string;
  readonly bytes?: Uint8Array;
}

/** The files of an archive, or why it isn't read: then nothing of it is. `path` is that of the file to blame, if one is. */
export type ReadArchive =
  | { readonly files: readonly ArchivedFile[] }
  | { readonly problem: string; readonly path?: string };

/** What an archive may hold. Only what is wanted is ever unpacked, so that only it counts for bytes. */
const archiveBytesMax = 16 * 1024 * 1024;
const entriesMax = 2000;
const pathCharactersMax = 300;
const fileBytesMax = 1024 * 1024;
const unpackedBytesMax = 16 * 1024 * 1024;

/**
 * Reads a zip archive and unpacks those of its files that are wanted. Folders are left out. An archive that could mean
 * something else to another program, or that wants to be somewhere else on the disk, is refused as a whole.
 */
export async function readArchive(
  archivePath: string,
  wanted: (path: string) => boolean,
): Promise<ReadArchive> {
  const stats = await stat(archivePath);
  if (!stats.isFile()) return { problem: 'This is not a regular file.' };
  if (stats.size > archiveBytesMax)
    return { problem: `The archive is larger than ${archiveBytesMax} bytes.` };
  try {
    const zip = await fromBufferPromise(await readFile(archivePath), { strictFileNames: true });
    return await readEntries(zip, wanted);
  } catch (error) {
    // The library throws plain errors for whatever is wrong with an archive.
    if (!(error instanceof Error)) throw error;
    return { problem: `The archive can't be read: ${firstLine(error.message)}.` };
  }
}

async function readEntries(zip: ZipFile, wanted: (path: string) => boolean): Promise<ReadArchive> {
  if (zip.entryCount > entriesMax) return { problem: `The archive holds more than ${entriesMax} files.` };
  const files = new Map<string, ArchivedFile>();
  let bytesLeft = unpackedBytesMax;
  for await (const entry of zip.eachEntry()) {
    const path = entry.fileName;
    const problem = problemOf(entry);
    if (problem !== undefined) return { problem, path: shown(path) };
    if (path.endsWith('/')) continue;
    if (files.has(path)) return { problem: 'This file is in the archive twice.', path: shown(path) };
    if (!wanted(path)) {
      files.set(path, { path });
      continue;
    }
    if (entry.uncompressedSize > fileBytesMax) {
      return { problem: `The file is larger than ${fileBytesMax} bytes.`, path };
    }
    bytesLeft -= entry.uncompressedSize;
    if (bytesLeft < 0)
      return { problem: `The files of the archive are larger than ${unpackedBytesMax} bytes together.` };
    files.set(path, { path, bytes: await unpack(zip, entry) });
  }
  return { files: [...files.values()] };
}

const unixTypeMask = 0o170000;
const [unixFile, unixFolder] = [0o100000, 0o040000];

/** What keeps an entry, and so its archive, from being read; the library refuses absolute paths, `..` and backslashes. */
function problemOf(entry: Entry): string | undefined {
  const path = entry.fileName;
  if (path.length > pathCharactersMax) return `Its path is longer than ${pathCharactersMax} characters.`;
  if (path.split('/').some((part, index, parts) => isOddPart(part, index === parts.length - 1)))
    return 'Its path has an empty part, a dot for one, or control characters.';
  const type = (entry.externalFileAttributes >>> 16) & unixTypeMask;
  if (type !== 0 && type !== unixFile && type !== unixFolder)
    return 'This is a link or device, not a regular file.';
  if (entry.isEncrypted()) return 'This file is encrypted.';
  return entry.canDecodeFileData() ? undefined : 'This file is packed in a way that is not known here.';
}

function isOddPart(part: string, isLast: boolean): boolean {
  return (part === '' && !isLast) || part === '.' || /\p{Cc}/u.test(part);
}

/** The library stops a stream that gives more or less than the entry says. */
async function unpack(zip: ZipFile, entry: Entry): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of await zip.openReadStreamPromise(entry)) {
    if (chunk instanceof Uint8Array) chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** A path from an archive as it may stand in a message. */
function shown(path: string): string {
  return path.slice(0, pathCharactersMax).replace(/\p{Cc}/gu, '\uFFFD');
}

function firstLine(message: string): string {
  return shown(message.split('\n', 1)[0] ?? '');
}
