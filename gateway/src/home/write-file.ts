import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { HomeEdit } from './home-edit.ts';

/** A file of the home couldn't be written or removed; it is as it was. */
export class WriteError extends Error {
  override readonly name = 'WriteError';
}

/**
 * Writes or removes one file. Whoever reads it meanwhile, or after a crash, finds the text before or the new one: the text is on the
 * disk under a hidden name before it gets its own. Folders are made; throws `WriteError`.
 */
export async function writeFile(homePath: string, { path, text }: HomeEdit): Promise<void> {
  const full = join(homePath, path);
  const folder = dirname(full);
  try {
    if (text === undefined) await rm(full, { force: true });
    else {
      await mkdir(folder, { recursive: true });
      await replace(full, text);
    }
    await syncFolder(folder);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new WriteError(`${path}: ${reason}`, { cause: error });
  }
}

async function replace(full: string, text: string): Promise<void> {
  const hidden = join(dirname(full), `.${basename(full)}.${randomBytes(6).toString('hex')}`);
  try {
    const file = await open(hidden, 'wx', 0o644);
    try {
      await file.writeFile(text, 'utf8');
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(hidden, full);
  } catch (error) {
    await rm(hidden, { force: true });
    throw error;
  }
}

/** A name is on the disk when its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
