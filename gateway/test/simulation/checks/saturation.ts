import type { Event } from '../history.ts';
import type { Counters, Demand } from '../scenario.ts';
import type { Check, Report } from './check.ts';
import type { Windows } from './windows.ts';

/** Of windows with demand to their end: how many units they had, and how many were admitted. */
export interface Saturation {
  windows: number;
  units: number;
  admitted: number;
}

interface Demanded extends Counters {
  readonly demand: readonly Pick<Demand, 'everyMs'>[];
}

interface Running {
  readonly window: number;
  admitted: number;
  refusedAtMs: number;
  /** When a gateway last began to ask, or went on after a pause: what it held before may have come back late. */
  resumedAtMs: number;
  /** When each gateway last asked, on the store's clock. */
  readonly asked: Map<number, number>;
}

/** Units go back when a lease was idle for a horizon; two slots of one horizon, and a look each. */
const idleMs = 350;

/**
 * I3: with demand to the end of a window, all its units are admitted. Windows in which a gateway's demand stopped or paused shortly
 * before the end don't count: its units may be stranded there, or come back with the last round trip.
 */
export class Saturated implements Check {
  readonly figures: Saturation = { windows: 0, units: 0, admitted: 0 };
  readonly #scenario: Demanded;
  readonly #windows: Windows;
  readonly #report: Report;
  #running: Running | undefined;

  constructor(scenario: Demanded, of: { windows: Windows; report: Report }) {
    this.#scenario = scenario;
    this.#windows = of.windows;
    this.#report = of.report;
  }

  see(event: Event): void {
    if (event.is !== 'decision') return;
    const window = this.#windows.at(0, event.storeMs);
    if (window === undefined) return;
    if (this.#running?.window !== window) {
      if (this.#running !== undefined) this.#close(this.#running);
      this.#running = {
        window,
        admitted: 0,
        refusedAtMs: -Infinity,
        resumedAtMs: -Infinity,
        asked: new Map(),
      };
    }
    const { askedAtMs, atMs, storeMs } = event;
    const askedMs = storeMs - (atMs - askedAtMs);
    const isResumed = askedMs - (this.#running.asked.get(event.gateway) ?? window) > this.#pauseMs;
    if (isResumed) this.#running.resumedAtMs = askedMs;
    this.#running.asked.set(event.gateway, askedMs);
    if (event.admitted) this.#running.admitted += event.charges[0]?.cost ?? 0;
    else this.#running.refusedAtMs = storeMs;
  }

  /** Longer than any two requests of a gateway lie apart while its demand is on. */
  get #pauseMs(): number {
    return Math.max(...this.#scenario.demand.map(({ everyMs }) => 2 * everyMs));
  }

  #close({ window, admitted, refusedAtMs, resumedAtMs, asked }: Running): void {
    const { quota, windowMs } = this.#scenario.counters[0]!;
    const endMs = window + windowMs;
    const isStranded = [...asked.values()].some(
      (lastMs) => lastMs < endMs - this.#pauseMs && lastMs > endMs - idleMs,
    );
    if (refusedAtMs < endMs - this.#pauseMs || isStranded || resumedAtMs > endMs - idleMs) return;
    this.figures.windows += 1;
    this.figures.units += quota;
    this.figures.admitted += admitted;
    if (admitted < Math.floor(0.995 * quota))
      this.#report('I3', `window ${window}: ${admitted} admitted of ${quota}`);
  }
}
