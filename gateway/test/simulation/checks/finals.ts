import { lengthMs } from '../../../src/limits/ledger.ts';
import type { Event, FinalCount } from '../history.ts';
import type { Scenario } from '../scenario.ts';
import { add, type Check, type Report } from './check.ts';
import type { Windows } from './windows.ts';

/**
 * I4: when everybody has given back what is unspent, the store has counted what was admitted: never less, and, where no
 * gateway died or left with an unanswered claim and no replay came very late, not a unit more, so refused requests have left
 * nothing behind.
 */
export class CountedInTheEnd implements Check {
  readonly #scenario: Scenario;
  readonly #windows: Windows;
  readonly #report: Report;
  readonly #spent = new Map<string, number>();
  #strands = false;
  #forgets = false;

  constructor(scenario: Scenario, of: { windows: Windows; report: Report }) {
    this.#scenario = scenario;
    this.#windows = of.windows;
    this.#report = of.report;
  }

  see(event: Event): void {
    if (event.is === 'owed') this.#spend(event.counter, event.storeMs, event.units);
    else if (event.is === 'incident') this.#seeIncident(event);
    else if (event.is === 'settled' && event.copy > 0 && !event.unchanged) this.#strands = true;
    else if (event.is === 'decision' && event.admitted) {
      for (const { counter, cost } of event.charges) this.#spend(counter, event.storeMs, cost);
    }
  }

  #seeIncident({ kind }: Extract<Event, { is: 'incident' }>): void {
    if (kind === 'killed' || kind === 'left') this.#strands = true;
    // What it hadn't told of costs that became known afterwards dies with a gateway.
    if (kind === 'killed' && this.#scenario.owes) this.#forgets = true;
  }

  end(finals: readonly FinalCount[]): void {
    for (const { counter, window, used, storeMs } of finals) {
      const limit = this.#scenario.counters[counter]!;
      if (limit.kind !== 'fixed-window' || storeMs >= window + lengthMs(limit)) continue;
      const spent = this.#spent.get(`${counter} ${window}`) ?? 0;
      const isExact = !this.#strands && !this.#scenario.owes && this.#scenario.onFailure === 'deny';
      if ((used < spent && !this.#forgets) || (isExact && used > spent)) {
        this.#report('I4', `counter ${counter}, window ${window}: ${used} counted, ${spent} spent`);
      }
    }
  }

  #spend(counter: number, storeMs: number, units: number): void {
    add(this.#spent, `${counter} ${this.#windows.at(counter, storeMs)}`, units);
  }
}
