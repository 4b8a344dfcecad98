import { basename, dirname, resolve } from 'node:path';
import type { Clock } from '../../limits/clock.ts';
import { fingerprintOf, isOfInterest, type Fingerprint } from './fingerprint.ts';
import { FolderWatches } from './folder-watches.ts';

export interface HomeWatchParts {
  readonly homePath: string;
  readonly clock: Clock;
  /** How often the files are looked at where the system tells nothing, as on disks of other machines. */
  readonly pollMs: number;
  /** Other files that the home names, as it names them. */
  readonly namedPaths: () => readonly string[];
  /** The files may say something else. What was read counts only if they still rest then; the next look comes after it is done. */
  readonly changed: (stillRest: () => Promise<boolean>) => Promise<void>;
  /** Takes lines for people. */
  readonly report: (line: string) => void;
}

/** A burst of events is one. */
const gatherMs = 100;
/** Files that look the same this much later aren't being written any more. */
const settleMs = 200;
/** Files that never rest are read nonetheless. */
const restlessMsMax = 10_000;
/** Looking takes no larger part of the time than one in so many: while something happens, and while nothing does. */
const busyPart = 5;
const idlePart = 100;

/**
 * Notices that the files of a home have changed, by what the system tells and by looking now and then. It waits until they rest, so
 * that half a file isn't read.
 */
export class HomeWatch {
  readonly #parts: HomeWatchParts;
  readonly #watches: FolderWatches;
  /** The folder that the home lies in, where only the home itself matters. */
  readonly #above: string;
  readonly #homeName: string;
  /** What was last read. */
  #known: string;
  /** What was last seen, if that hasn't been read, and since when it wasn't what is known. */
  #seen: { readonly print: string; readonly sinceMs: number } | undefined;
  #dueMs = Infinity;
  #cancelLook = (): void => {};
  #isLooking = false;
  #hasEnded = false;

  /** `before`: how the files looked before they were read. */
  constructor(before: Fingerprint, parts: HomeWatchParts) {
    this.#parts = parts;
    this.#known = before.print;
    const home = resolve(parts.homePath);
    this.#above = dirname(home);
    this.#homeName = basename(home);
    this.#watches = new FolderWatches({
      changed: (folder, name) => {
        if (this.#concerns(folder, name)) this.#wake(gatherMs);
      },
      tooMany: (why) => {
        parts.report(
          `not all folders can be watched (${why}): some changes are noticed only when looked for`,
        );
      },
    });
    this.#wake(0);
  }

  close(): void {
    this.#hasEnded = true;
    this.#cancelLook();
    this.#watches.close();
  }

  #concerns(folder: string, name: string | undefined): boolean {
    if (name === undefined) return true;
    return folder === this.#above ? name === this.#homeName : isOfInterest(name);
  }

  /** Looks in so many ms, or sooner if that was wanted before. */
  #wake(delayMs: number): void {
    const { clock } = this.#parts;
    const dueMs = clock.monotonicMs() + delayMs;
    if (this.#hasEnded || dueMs >= this.#dueMs) return;
    this.#dueMs = dueMs;
    if (this.#isLooking) return;
    this.#cancelLook();
    this.#cancelLook = clock.after(delayMs, () => void this.#look());
  }

  async #look(): Promise<void> {
    const { clock, pollMs, homePath, namedPaths } = this.#parts;
    this.#isLooking = true;
    this.#dueMs = Infinity;
    const startMs = clock.monotonicMs();
    const seen = await fingerprintOf(homePath, namedPaths());
    const tookMs = clock.monotonicMs() - startMs;
    const isDone = this.#hasEnded || (await this.#takeIn(seen, startMs));
    this.#isLooking = false;
    const wasToldMs = this.#dueMs - clock.monotonicMs();
    this.#dueMs = Infinity;
    const soonMs = Math.min(isDone ? Infinity : settleMs, Math.max(0, wasToldMs));
    this.#wake(Math.min(Math.max(soonMs, busyPart * tookMs), Math.max(pollMs, idlePart * tookMs)));
  }

  /** Gives whether nothing is left to be looked at soon. */
  async #takeIn({ print, folders }: Fingerprint, nowMs: number): Promise<boolean> {
    const isUnseen = this.#watches.follow(folders);
    if (print === this.#known) {
      this.#seen = undefined;
      return !isUnseen;
    }
    const { sinceMs } = this.#seen ?? { sinceMs: nowMs };
    const isAtRest = this.#seen?.print === print && !isUnseen;
    if (!isAtRest && nowMs - sinceMs < restlessMsMax) {
      this.#seen = { print, sinceMs };
      return false;
    }
    this.#seen = undefined;
    this.#known = print;
    const { homePath, namedPaths, changed } = this.#parts;
    await changed(async () => {
      return !isAtRest || (await fingerprintOf(homePath, namedPaths())).print === print;
    });
    // What the home names may have changed with it.
    return false;
  }
}
