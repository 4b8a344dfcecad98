import type { FixedWindow } from '../../../src/limits/limit.ts';
import type { Event, FinalCount } from '../history.ts';
import type { Counters, Network } from '../scenario.ts';
import { add, type Check, type Report } from './check.ts';

interface Shared extends Counters {
  readonly gateways: number;
  readonly network: Pick<Network, 'delayMsMax'>;
}

interface Told {
  readonly window: number;
  readonly used: number;
  readonly spent: number;
  /** What it had stated by then of a share, spent or not. */
  readonly held: number;
}

/**
 * What gateways spend alone, in aligned windows: no more than an even part each, so that in a window that all of them spend
 * alone the parts add up to the limit.
 */
export class BoundedShares implements Check {
  readonly #scenario: Shared;
  readonly #report: Report;
  /** By counter, window and gateway. */
  readonly #alone = new Map<string, number>();
  readonly #granted = new Map<string, number>();
  /** What each gateway was last told of a counter, and had been granted and had spent by then. */
  readonly #told = new Map<string, Told>();
  /** By counter and window. */
  readonly #together = new Map<string, number>();
  readonly #spenders = new Map<string, Set<number>>();

  constructor(scenario: Shared, report: Report) {
    this.#scenario = scenario;
    this.#report = report;
  }

  see(event: Event): void {
    if (event.is === 'settled') {
      const name = `${event.counter} ${event.grant.window}`;
      add(this.#granted, `${name} ${event.gateway}`, event.grant.granted);
      add(this.#granted, name, event.grant.granted);
    } else if (event.is === 'delivered' && event.grant.outcome === 'granted') {
      const { gateway, counter, grant } = event;
      const name = `${counter} ${grant.window} ${gateway}`;
      const { window, used } = grant;
      const spent = this.#alone.get(name) ?? 0;
      this.#told.set(`${counter} ${gateway}`, { window, used, spent, held: event.held });
    } else if (event.is === 'decision' && event.admitted) {
      for (const { counter, cost } of event.charges) this.#spend(event, counter, cost);
    }
  }

  end(_finals: readonly FinalCount[]): void {
    for (const [name, together] of this.#together) {
      const limit = this.#limitOf(name);
      const granted = this.#granted.get(name) ?? 0;
      // A gateway that is restarted during an outage can't know what the one before it spent.
      const spenders = this.#spenders.get(name)?.size ?? 0;
      if (granted === 0 && spenders <= this.#scenario.gateways && together > limit.quota) {
        this.#report('I1', `counter and window ${name}: ${together} spent alone, of ${limit.quota}`);
      }
    }
  }

  #spend(
    { certain, storeMs, gateway, atMs }: Extract<Event, { is: 'decision' }>,
    counter: number,
    cost: number,
  ): void {
    const limit = this.#scenario.counters[counter]!;
    if (limit.kind !== 'fixed-window' || limit.starts !== 'aligned') return;
    const window = storeMs - (storeMs % limit.windowMs);
    // A gateway that is alone knows the store's clock by the length of a message only.
    if (storeMs - window <= this.#scenario.network.delayMsMax + 3) return;
    const name = `${counter} ${window}`;
    add(this.#together, name, cost);
    this.#spenders.set(name, (this.#spenders.get(name) ?? new Set()).add(gateway));
    const spent = add(this.#alone, `${name} ${gateway}`, cost);
    if (certain) return;
    const part = Math.floor(limit.quota / this.#scenario.gateways);
    const granted = this.#granted.get(`${name} ${gateway}`) ?? 0;
    const told = this.#told.get(`${counter} ${gateway}`);
    // Units it had been granted or had stated, and its part of what was left when it was last told; in a window of its own, an even part.
    const isTold = told?.window === window;
    const left = isTold ? Math.max(0, limit.quota - told.used) : limit.quota;
    const since = isTold ? spent - told.spent : spent;
    const reserved = isTold ? Math.max(0, told.held - told.spent) : 0;
    const most = granted + reserved + Math.min(part, Math.floor(left / this.#scenario.gateways));
    if (since > most) {
      this.#report(
        'I1',
        `counter and window ${name}: gateway ${gateway} spent ${since} alone of ${most}, at ${atMs}`,
      );
    }
  }

  #limitOf(name: string): FixedWindow {
    return this.#scenario.counters[Number(name.split(' ')[0])] as FixedWindow;
  }
}
