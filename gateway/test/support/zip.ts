import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';

/** What an archive holds, by path. */
export type Archived = Readonly<Record<string, string | Uint8Array>>;

/** A zip archive of files, deflated. */
export async function zipOf(files: Archived, modes: Readonly<Record<string, number>> = {}): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [path, content] of Object.entries(files)) {
    const mode = modes[path];
    if (path.endsWith('/')) zip.addEmptyDirectory(path);
    else zip.addBuffer(Buffer.from(content), path, mode === undefined ? {} : { mode });
  }
  zip.end();
  return buffer(zip.outputStream);
}

/** The archive with a name of a file replaced by one of the same length: what no honest program writes. */
export function renamed(archive: Buffer, from: string, to: string): Buffer {
  if (from.length !== to.length) throw new Error('names of one length can be exchanged');
  const changed = Buffer.from(archive);
  let found = changed.indexOf(from);
  if (found < 0) throw new Error(`the archive has no ${from}`);
  while (found >= 0) {
    changed.write(to, found, 'latin1');
    found = changed.indexOf(from, found + 1);
  }
  return changed;
}
