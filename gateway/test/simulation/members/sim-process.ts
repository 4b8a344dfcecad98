import type { Clock } from '../../../src/limits/clock.ts';
import { epochMs, type World } from '../world.ts';

/** One process: what it does stops when it is killed, and waits while it is frozen. */
export class SimProcess implements Clock {
  readonly #world: World;
  readonly #bootedMs: number;
  #frozen = false;
  #killed = false;
  readonly #waiting: (() => void)[] = [];

  constructor(world: World, bootedMs: number) {
    this.#world = world;
    this.#bootedMs = bootedMs;
  }

  get isKilled(): boolean {
    return this.#killed;
  }

  monotonicMs(): number {
    return this.#world.nowMs + this.#bootedMs;
  }

  wallMs(): number {
    return this.evenWallMs();
  }

  evenWallMs(): number {
    return epochMs + this.#world.nowMs;
  }

  after(delayMs: number, run: () => void): () => void {
    return this.#world.after(delayMs, () => this.do(run));
  }

  atEndOfTurn(run: () => void): void {
    this.#world.atEndOfTurn(() => this.do(run));
  }

  /** Something happens to this process: now, when it goes on, or never. */
  do(run: () => void): void {
    if (this.#killed) return;
    if (this.#frozen) this.#waiting.push(run);
    else run();
  }

  freeze(): void {
    this.#frozen = true;
  }

  thaw(): void {
    this.#frozen = false;
    for (const run of this.#waiting.splice(0)) this.do(run);
  }

  kill(): void {
    this.#killed = true;
  }
}
