import type { Event } from '../history.ts';
import type { Scenario } from '../scenario.ts';
import { add, type Check, type Report } from './check.ts';

/**
 * I4: of a fixed window the store never counts more than it has granted in it. What it counts beyond that, nobody can spend.
 * Not where costs become known afterwards, or units are spent without the store.
 */
export class CountsOnlyGrants implements Check {
  readonly #scenario: Scenario;
  readonly #report: Report;
  readonly #granted = new Map<string, number>();

  constructor(scenario: Scenario, report: Report) {
    this.#scenario = scenario;
    this.#report = report;
  }

  see(event: Event): void {
    if (event.is !== 'settled') return;
    const { counter, grant, atMs } = event;
    if (this.#scenario.counters[counter]?.kind !== 'fixed-window') return;
    const granted = add(this.#granted, `${counter} ${grant.window}`, grant.granted);
    if (grant.used > granted) {
      this.#report(
        'I4',
        `counter ${counter}, window ${grant.window}: ${grant.used} counted, ${granted} granted, at ${atMs}`,
      );
    }
  }
}
