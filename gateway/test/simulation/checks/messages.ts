import { lengthMs } from '../../../src/limits/ledger.ts';
import type { Event } from '../history.ts';
import type { Scenario } from '../scenario.ts';
import { claimDeadlineMs } from '../sim-gateway.ts';
import type { Check, Report } from './check.ts';

/** I5: every request has its decision within the claim deadline; where nothing fails, it is the store's. */
export class Waits implements Check {
  readonly #isCalm: boolean;
  readonly #report: Report;

  constructor({ family }: Pick<Scenario, 'family'>, report: Report) {
    this.#isCalm = family === 'calm';
    this.#report = report;
  }

  see(event: Event): void {
    if (event.is !== 'decision') return;
    const waitedMs = event.atMs - event.askedAtMs;
    if (waitedMs > claimDeadlineMs) {
      this.#report('I5', `gateway ${event.gateway}: ${waitedMs} ms for a decision, at ${event.atMs}`);
    }
    if (this.#isCalm && !event.certain) {
      this.#report('I5', `gateway ${event.gateway}: decided without the store, at ${event.atMs}`);
    }
  }
}

/**
 * I6: a claim that was settled before changes nothing, to the end of the window after it. Later, a ledger needn't know it any
 * more: then it may set units aside that nobody spends. Not for stores that lose what they know.
 */
export class Replays implements Check {
  readonly #scenario: Scenario;
  readonly #report: Report;
  /** Until when each claim must be known, on the store's clock. */
  readonly #knownUntilMs = new Map<string, number>();

  constructor(scenario: Scenario, report: Report) {
    this.#scenario = scenario;
    this.#report = report;
  }

  see(event: Event): void {
    if (event.is !== 'settled') return;
    const { gateway, claim, counter, grant, unchanged, storeMs, atMs } = event;
    const name = `${gateway} ${claim.seq}`;
    const knownUntilMs = this.#knownUntilMs.get(name);
    if (knownUntilMs === undefined) {
      // What takes nothing leaves no trace: its replay is the first to count.
      const untilMs = grant.window + 2 * lengthMs(this.#scenario.counters[counter]!);
      if (!unchanged) this.#knownUntilMs.set(name, untilMs);
      return;
    }
    if (unchanged || storeMs >= knownUntilMs) return;
    this.#report('I6', `counter ${counter}: the replay of claim ${name} was settled, at ${atMs}`);
  }
}
