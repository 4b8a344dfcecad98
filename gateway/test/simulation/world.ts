import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../src/limits/clock.ts';

interface Happening {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

/**
 * Virtual time. What happens is scheduled in whole ms and runs in order of time, then of scheduling; promises settle and turns
 * end before the next thing happens. Nothing here depends on real time, so a seed always gives the same run.
 */
export class World {
  #nowMs = 0;
  #scheduled = 0;
  #atOnce = 0;
  readonly #heap: Happening[] = [];
  #endOfTurn: (() => void)[] = [];
  #slow: Promise<unknown> | undefined;

  get nowMs(): number {
    return this.#nowMs;
  }

  at(atMs: number, run: () => void): () => void {
    this.#scheduled += 1;
    const happening = { atMs: Math.max(this.#nowMs, atMs), order: this.#scheduled, run, cancelled: false };
    push(this.#heap, happening);
    return () => {
      happening.cancelled = true;
    };
  }

  after(delayMs: number, run: () => void): () => void {
    return this.at(this.#nowMs + delayMs, run);
  }

  atEndOfTurn(run: () => void): void {
    this.#endOfTurn.push(run);
  }

  /** Keeps virtual time from moving until something real is done, such as a real Redis' answer. */
  waitFor(done: Promise<unknown>): void {
    this.#slow = this.#slow === undefined ? done : Promise.all([this.#slow, done]);
  }

  /** Runs everything that happens up to a moment. */
  async runUntil(untilMs: number): Promise<void> {
    await this.#endTurn();
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.atMs > untilMs) break;
      pop(this.#heap);
      if (next.cancelled) continue;
      this.#atOnce = next.atMs > this.#nowMs ? 0 : this.#atOnce + 1;
      if (this.#atOnce > atOnceMax) throw new Error(`no end of events at ${next.atMs} ms`);
      this.#nowMs = next.atMs;
      next.run();
      await this.#endTurn();
    }
    this.#nowMs = untilMs;
  }

  async #endTurn(): Promise<void> {
    for (let turns = 0; turns < atOnceMax; turns += 1) {
      await nextTurn();
      while (this.#slow !== undefined) {
        const slow = this.#slow;
        this.#slow = undefined;
        await slow;
        await nextTurn();
      }
      const ending = this.#endOfTurn;
      this.#endOfTurn = [];
      for (const run of ending) run();
      if (ending.length === 0) return;
    }
    throw new Error(`no end of turns at ${this.#nowMs} ms`);
  }
}

/** The clock of one process in a world; it stops running anything when the process is killed. Its wall clock may be wrong. */
export class ProcessClock implements Clock {
  wallAheadMs = 0;
  readonly #world: World;
  readonly #bootedMs: number;
  #killed = false;

  constructor(world: World, bootedMs: number) {
    this.#world = world;
    this.#bootedMs = bootedMs;
  }

  monotonicMs(): number {
    return this.#world.nowMs + this.#bootedMs;
  }

  wallMs(): number {
    return epochMs + this.#world.nowMs + this.wallAheadMs;
  }

  evenWallMs(): number {
    return epochMs + this.#world.nowMs;
  }

  after(delayMs: number, run: () => void): () => void {
    return this.#world.after(delayMs, () => {
      if (!this.#killed) run();
    });
  }

  atEndOfTurn(run: () => void): void {
    this.#world.atEndOfTurn(() => {
      if (!this.#killed) run();
    });
  }

  kill(): void {
    this.#killed = true;
  }
}

/** More events than this in one ms are a loop without end. */
const atOnceMax = 10_000;

/** The world's zero, in ms since the Unix epoch. */
export const epochMs = 1_790_000_000_000;

function isBefore(a: Happening, b: Happening): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

function push(heap: Happening[], happening: Happening): void {
  let at = heap.length;
  heap.push(happening);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent]!;
    if (isBefore(above, happening)) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = happening;
}

function pop(heap: Happening[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
    if (isBefore(last, heap[child]!)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = last;
}
