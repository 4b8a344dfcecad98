import type { Event } from '../history.ts';
import type { Counters } from '../scenario.ts';
import { add, type Check, type Report } from './check.ts';
import type { Quotas } from './quotas.ts';
import type { Windows } from './windows.ts';

/**
 * I1 for fixed windows: what gateways spend with the store's consent, by the window that runs on the store's clock at that
 * moment, stays within the limit. Not for stores whose clock jumps.
 */
export class ExactInWindows implements Check {
  readonly #scenario: Counters;
  readonly #quotas: Quotas;
  readonly #windows: Windows;
  readonly #report: Report;
  readonly #spent = new Map<string, number>();

  constructor(scenario: Counters, of: { quotas: Quotas; windows: Windows; report: Report }) {
    this.#scenario = scenario;
    this.#quotas = of.quotas;
    this.#windows = of.windows;
    this.#report = of.report;
  }

  see(event: Event): void {
    if (event.is !== 'decision' || !event.admitted || !event.certain) return;
    for (const { counter, cost } of event.charges) {
      if (this.#scenario.counters[counter]?.kind !== 'fixed-window') continue;
      const window = this.#windows.at(counter, event.storeMs);
      if (window === undefined) {
        this.#report(
          'I1',
          `counter ${counter}: gateway ${event.gateway} spent ${cost} in no window, at ${event.atMs}`,
        );
        continue;
      }
      const spent = add(this.#spent, `${counter} ${window}`, cost);
      const quota = this.#quotas.inForce(counter, event.askedAtMs);
      if (spent > quota) {
        this.#report(
          'I1',
          `counter ${counter}, window ${window}: ${spent} spent of ${quota}, at ${event.atMs}`,
        );
      }
    }
  }
}

/**
 * I1 for fixed windows, whatever clocks do: what gateways spend, by the window of the grant they were last told, stays within
 * the limit.
 */
export class ExactByGrants implements Check {
  readonly #scenario: Counters;
  readonly #quotas: Quotas;
  readonly #report: Report;
  readonly #grants = new Map<string, string>();
  readonly #spent = new Map<string, number>();

  constructor(scenario: Counters, of: { quotas: Quotas; report: Report }) {
    this.#scenario = scenario;
    this.#quotas = of.quotas;
    this.#report = of.report;
  }

  see(event: Event): void {
    if (event.is === 'delivered' && event.grant.outcome === 'granted') {
      const { gateway, counter, grant, era } = event;
      this.#grants.set(`${gateway} ${counter}`, `${counter} ${grant.window} ${era}`);
    } else if (event.is === 'decision' && event.admitted && event.certain) {
      for (const { counter, cost } of event.charges) {
        if (this.#scenario.counters[counter]?.kind === 'fixed-window') this.#spend(event, counter, cost);
      }
    }
  }

  #spend(
    { gateway, askedAtMs, atMs }: Extract<Event, { is: 'decision' }>,
    counter: number,
    cost: number,
  ): void {
    const window = this.#grants.get(`${gateway} ${counter}`);
    if (window === undefined) {
      this.#report('I1', `counter ${counter}: gateway ${gateway} spent ${cost} without a grant, at ${atMs}`);
      return;
    }
    const spent = add(this.#spent, window, cost);
    const quota = this.#quotas.inForce(counter, askedAtMs);
    if (spent > quota)
      this.#report('I1', `counter and window ${window}: ${spent} spent of ${quota}, at ${atMs}`);
  }
}
