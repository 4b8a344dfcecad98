import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { deploymentPaths } from '../../config/home.ts';

/** How files look from outside, without reading them. */
export interface Fingerprint {
  /** Another one when a file came, went, or was written to. */
  readonly print: string;
  /** Where something would change, from the top down: each folder with what tells it from another one of its name. */
  readonly folders: ReadonlyMap<string, string>;
}

/** The folders of a home that are read with all that is in them. */
const wholeFolders = ['apis', 'policies', 'applications', 'deny-policies'];
const foldersDeepMax = 6;
/** More than a home may hold: what lies beyond is not read either. */
const entriesMax = 50_000;

/** Whether what happened to an entry of this name in a home's folder means anything: not to what editors put there for a moment. */
export function isOfInterest(name: string): boolean {
  // Kubernetes swaps whole folders behind a link that is called ..data.
  return name.startsWith('..') || !isPassedOver(name);
}

function isPassedOver(name: string): boolean {
  return /^\.|~$/.test(name);
}

/** Looks at the files of a home, and at others that it names. */
export async function fingerprintOf(
  homePath: string,
  namedPaths: readonly string[] = [],
): Promise<Fingerprint> {
  const walk = new Walk();
  const home = resolve(homePath);
  await walk.folder(dirname(home));
  await walk.folder(home);
  for (const path of deploymentPaths) {
    await walk.folder(dirname(join(home, path)));
    await walk.file(join(home, path));
  }
  // Where `repository/conf` comes and goes with its parent.
  await walk.folder(join(home, 'repository'));
  for (const named of namedPaths) {
    const path = resolve(home, named);
    await walk.folder(dirname(path));
    await walk.file(path);
  }
  for (const folder of wholeFolders) await walk.everything(join(home, folder));
  return walk.end();
}

class Walk {
  readonly #hash = createHash('sha256');
  readonly #folders = new Map<string, string>();
  #entries = 0;

  async folder(path: string): Promise<boolean> {
    const stats = await statOf(path);
    if (stats?.isDirectory() !== true) return false;
    // Numbers of files are used again.
    this.#folders.set(path, `${stats.dev} ${stats.ino} ${stats.birthtimeNs}`);
    return true;
  }

  async file(path: string): Promise<void> {
    const stats = await statOf(path);
    this.#note(path, stats);
  }

  async everything(path: string, deep = 1): Promise<void> {
    if (!(await this.folder(path))) return this.#note(path, undefined);
    this.#hash.update(`${path}/\n`);
    for (const name of (await namesIn(path)).toSorted()) {
      if (isPassedOver(name)) continue;
      this.#entries += 1;
      if (this.#entries > entriesMax) return;
      const inside = join(path, name);
      const stats = await statOf(inside);
      if (stats?.isDirectory() !== true) this.#note(inside, stats);
      else if (deep < foldersDeepMax) await this.everything(inside, deep + 1);
    }
  }

  end(): Fingerprint {
    return { print: this.#hash.digest('hex'), folders: this.#folders };
  }

  #note(path: string, stats: BigIntStats | undefined): void {
    const { dev, ino, size, mtimeNs, ctimeNs } = stats ?? {};
    this.#hash.update(`${JSON.stringify(path)} ${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}\n`);
  }
}

/** Nothing where nothing can be seen: reading it says why. */
async function statOf(path: string): Promise<BigIntStats | undefined> {
  try {
    return await stat(path, { bigint: true });
  } catch {
    return undefined;
  }
}

async function namesIn(path: string): Promise<readonly string[]> {
  try {
    return await readdir(path);
  } catch {
    return [];
  }
}
