import { lengthMs } from '../../../src/limits/ledger.ts';
import type { Event } from '../history.ts';
import type { Counters } from '../scenario.ts';
import type { Check, Report } from './check.ts';

/** Which window of each counter runs, as the store's clock and the claims it settled tell. */
export class Windows implements Check {
  readonly #scenario: Counters;
  /** Of windows that start with their first unit. */
  readonly #started: number[] = [];

  constructor(scenario: Counters) {
    this.#scenario = scenario;
  }

  see(event: Event): void {
    if (event.is === 'settled' && !event.unchanged) this.#started[event.counter] = event.grant.window;
  }

  /** The window at a moment of the store's clock; undefined when none runs. */
  at(counter: number, storeMs: number): number | undefined {
    const limit = this.#scenario.counters[counter]!;
    const length = lengthMs(limit);
    if (limit.kind !== 'fixed-window' || limit.starts === 'aligned') return storeMs - (storeMs % length);
    const started = this.#started[counter];
    return started !== undefined && storeMs < started + length ? started : undefined;
  }
}

/** I1: as long as a store keeps what it knows, no window of a counter begins before the one before it is over. */
export class Succession implements Check {
  readonly #scenario: Counters;
  readonly #report: Report;
  #newest: number[] = [];

  constructor(scenario: Counters, report: Report) {
    this.#scenario = scenario;
    this.#report = report;
  }

  see(event: Event): void {
    if (event.is === 'incident' && event.kind === 'lost-data') this.#newest = [];
    if (event.is !== 'settled' || event.unchanged) return;
    const { counter, grant, atMs } = event;
    const newest = this.#newest[counter] ?? -Infinity;
    if (grant.window === newest) return;
    if (grant.window < newest + lengthMs(this.#scenario.counters[counter]!)) {
      this.#report('I1', `counter ${counter}: window ${grant.window} begins inside ${newest}, at ${atMs}`);
    }
    this.#newest[counter] = grant.window;
  }
}
