import type { Clock } from '../../src/limits/clock.ts';

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** Time that moves only when a test moves it; timers and ends of turns run in order, promises settle in between. */
export class FakeClock implements Clock {
  #elapsedMs = 0;
  #order = 0;
  readonly #startMonotonicMs: number;
  readonly #startWallMs: number;
  #wallJumpedMs = 0;
  readonly #timers = new Set<Timer>();
  #endOfTurn: (() => void)[] = [];

  constructor(start: { readonly monotonicMs?: number; readonly wallMs?: number } = {}) {
    this.#startMonotonicMs = start.monotonicMs ?? 5_000;
    this.#startWallMs = start.wallMs ?? 1_790_000_000_000;
  }

  monotonicMs(): number {
    return this.#startMonotonicMs + this.#elapsedMs;
  }

  wallMs(): number {
    return this.evenWallMs() + this.#wallJumpedMs;
  }

  evenWallMs(): number {
    return this.#startWallMs + this.#elapsedMs;
  }

  /** Somebody sets the wall clock. */
  jumpWall(byMs: number): void {
    this.#wallJumpedMs += byMs;
  }

  after(delayMs: number, run: () => void): () => void {
    this.#order += 1;
    const timer = { atMs: this.#elapsedMs + Math.max(0, delayMs), order: this.#order, run };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  atEndOfTurn(run: () => void): void {
    this.#endOfTurn.push(run);
  }

  /** Lets promises settle and turns end until nothing more happens at this time. */
  async turn(): Promise<void> {
    for (let quiet = 0; quiet < 2; quiet += 1) {
      for (let i = 0; i < 10; i += 1) await Promise.resolve();
      const ending = this.#endOfTurn;
      this.#endOfTurn = [];
      for (const run of ending) run();
      if (ending.length > 0) quiet = -1;
    }
  }

  /** Moves time on, running what falls due on the way. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#elapsedMs + byMs;
    await this.turn();
    for (;;) {
      const [next] = [...this.#timers]
        .filter(({ atMs }) => atMs <= untilMs)
        .sort((a, b) => a.atMs - b.atMs || a.order - b.order);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#elapsedMs = Math.max(this.#elapsedMs, next.atMs);
      next.run();
      await this.turn();
    }
    this.#elapsedMs = untilMs;
    await this.turn();
  }
}
