import { watch, type FSWatcher } from 'node:fs';
import { basename } from 'node:path';

const watchesMax = 4096;

export interface FolderEvents {
  /** Something has happened to an entry of a folder; the name isn't always known. */
  readonly changed: (folder: string, name: string | undefined) => void;
  /** Not all folders can be watched; said once. */
  readonly tooMany: (why: string) => void;
}

interface Watched {
  readonly identity: string;
  readonly watcher: FSWatcher;
}

/** What the system tells of changes in folders. A folder that was put in the place of another is another one. */
export class FolderWatches {
  readonly #events: FolderEvents;
  readonly #watched = new Map<string, Watched>();
  #hasComplained = false;

  constructor(events: FolderEvents) {
    this.#events = events;
  }

  get size(): number {
    return this.#watched.size;
  }

  /** Watches these folders and no others. Gives whether there are new ones: what happened there before went unnoticed. */
  follow(folders: ReadonlyMap<string, string>): boolean {
    for (const [folder, { identity }] of this.#watched)
      if (folders.get(folder) !== identity) this.#forget(folder);
    let isNew = false;
    for (const [folder, identity] of folders) {
      if (this.#watched.has(folder)) continue;
      if (this.#watched.size >= watchesMax) {
        this.#complain(`there are more than ${watchesMax} folders`);
        break;
      }
      if (this.#watch(folder, identity)) isNew = true;
    }
    return isNew;
  }

  close(): void {
    for (const folder of this.#watched.keys()) this.#forget(folder);
  }

  #watch(folder: string, identity: string): boolean {
    try {
      const watcher = watch(folder, { persistent: false }, (_, name) => {
        // The folder itself has gone: another one may come in its place, perhaps with the same number.
        if (name === basename(folder)) this.#forget(folder);
        this.#events.changed(folder, name ?? undefined);
      });
      watcher.on('error', () => {
        this.#forget(folder);
        this.#events.changed(folder, undefined);
      });
      this.#watched.set(folder, { identity, watcher });
      return true;
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      // One that has gone meanwhile is none; else the system has no more watches to give.
      if (code !== 'ENOENT') this.#complain(code);
      return false;
    }
  }

  #forget(folder: string): void {
    this.#watched.get(folder)?.watcher.close();
    this.#watched.delete(folder);
  }

  #complain(why: string): void {
    if (this.#hasComplained) return;
    this.#hasComplained = true;
    this.#events.tooMany(why);
  }
}
