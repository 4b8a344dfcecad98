import { ceiling, lengthMs } from '../../../src/limits/ledger.ts';
import type { Event } from '../history.ts';
import type { Scenario } from '../scenario.ts';
import type { Check } from './check.ts';

/** The highest limit in force anywhere, for each counter, while gateways reload one after the other. */
export class Quotas implements Check {
  readonly #announced: number[];
  readonly #ofGateways = new Map<number, number[]>();
  /** Limits that a gateway had until a moment. */
  readonly #dropped: { readonly counter: number; readonly quota: number; readonly atMs: number }[] = [];

  constructor({ counters, gateways }: Pick<Scenario, 'counters' | 'gateways'>) {
    this.#announced = counters.map(ceiling);
    for (let gateway = 1; gateway <= gateways; gateway += 1)
      this.#ofGateways.set(gateway, [...this.#announced]);
  }

  see(event: Event): void {
    if (event.is === 'settled') this.#seeSettled(event);
    if (event.is !== 'incident') return;
    const { kind, gateway, counter, limit, atMs } = event;
    if (kind === 'limit-changed' && counter !== undefined && limit !== undefined) {
      const list = gateway === undefined ? this.#announced : this.#ofGateways.get(gateway);
      if (list === undefined) return;
      this.#dropped.push({ counter, quota: list[counter] ?? 0, atMs });
      list[counter] = ceiling(limit);
    } else if (kind === 'joined' && gateway !== undefined) {
      this.#ofGateways.set(gateway, [...this.#announced]);
    } else if ((kind === 'killed' || kind === 'left') && gateway !== undefined) {
      this.#ofGateways.delete(gateway);
    }
  }

  /** What a gateway that hasn't reloaded yet was granted by the old limit stays counted, as long as its window counts. */
  #seeSettled({ counter, claim, grant, atMs }: Extract<Event, { is: 'settled' }>): void {
    const isLate = grant.granted > 0 && ceiling(claim.limit) > (this.#announced[counter] ?? 0);
    const countsUntilMs = atMs + grant.endsInMs + lengthMs(claim.limit);
    if (isLate) this.#dropped.push({ counter, quota: grant.used, atMs: countsUntilMs });
  }

  /** A request goes by the limits that it started with. */
  inForce(counter: number, sinceMs: number): number {
    let highest = 0;
    for (const dropped of this.#dropped) {
      if (dropped.counter === counter && dropped.atMs >= sinceMs) highest = Math.max(highest, dropped.quota);
    }
    for (const quotas of this.#ofGateways.values()) highest = Math.max(highest, quotas[counter] ?? 0);
    return highest;
  }
}
