import type { Event } from '../history.ts';
import type { Scenario } from '../scenario.ts';
import { silenceMsMax } from '../sim-gateway.ts';
import { add, type Check, type Report } from './check.ts';
import type { Quotas } from './quotas.ts';
import type { Windows } from './windows.ts';

/** The furthest that a window went over its limit after data was lost, and the bound it had. */
export interface LossFigures {
  windows: number;
  exceeded: number;
  furthest: { over: number; bound: number };
}

/**
 * I2, for fixed windows: after the store lost data, units spent stay within the limit plus what was granted until the last
 * live gateway restated what it holds, plus what gateways had spent that were gone by then and can't restate it. And a gateway
 * that can reach the store has restated as soon as a loss can be noticed.
 */
export class BoundedLoss implements Check {
  readonly figures: LossFigures = { windows: 0, exceeded: 0, furthest: { over: 0, bound: 0 } };
  readonly #scenario: Scenario;
  readonly #quotas: Quotas;
  readonly #windows: Windows;
  readonly #report: Report;
  readonly #spent = new Map<string, number>();
  readonly #spentBy = new Map<string, number>();
  readonly #live = new Set<number>();
  readonly #gone = new Set<number>();
  /** For each counter: live gateways that have yet to restate what they hold, and in which window; what was granted meanwhile. */
  readonly #silent: Map<number, number>[];
  /** The newest window of each counter, and of each gateway's grants. */
  readonly #newest: number[] = [];
  readonly #holds = new Map<string, number>();
  readonly #granted = new Map<string, number>();
  /** How long restating takes: Infinity when something may keep gateways from it. */
  readonly #restatedWithinMs: number;
  #restatedByMs = Infinity;
  readonly #afterLoss = new Set<string>();
  /** At the last loss; may be over a limit that was lowered. */
  #spentBefore: ReadonlyMap<string, number> | undefined;

  constructor(scenario: Scenario, of: { quotas: Quotas; windows: Windows; report: Report }) {
    this.#scenario = scenario;
    this.#quotas = of.quotas;
    this.#windows = of.windows;
    this.#report = of.report;
    const isCut = scenario.faults.some(({ kind }) => kind === 'freeze' || kind === 'cut-off');
    const { lossRate, delayMsMax } = scenario.network;
    const isReachable = !isCut && lossRate === 0 && 2 * delayMsMax < silenceMsMax;
    // A claim in flight when the loss is noticed has to be answered before the one that restates.
    this.#restatedWithinMs = isReachable ? scenario.noticedWithinMs + 4 * delayMsMax + 2 : Infinity;
    this.#silent = scenario.counters.map(() => new Map<number, number>());
    for (let gateway = 1; gateway <= scenario.gateways; gateway += 1) this.#live.add(gateway);
  }

  see(event: Event): void {
    if (event.is === 'incident') this.#seeIncident(event);
    else if (event.is === 'settled') this.#seeSettled(event);
    else if (event.is === 'decision' && event.admitted && event.certain) {
      for (const { counter, cost } of event.charges) this.#spend(event, counter, cost);
    }
  }

  #seeIncident({ kind, gateway, atMs }: Extract<Event, { is: 'incident' }>): void {
    if (kind === 'lost-data') {
      this.#spentBefore = new Map(this.#spent);
      this.#restatedByMs = atMs + this.#restatedWithinMs;
      for (const [counter, silent] of this.#silent.entries()) {
        for (const live of this.#live) {
          const window = this.#holds.get(`${live} ${counter}`);
          if (window !== undefined && window === this.#newest[counter]) silent.set(live, window);
        }
      }
    }
    if (gateway === undefined) return;
    if (kind === 'joined') this.#live.add(gateway);
    if (kind !== 'killed' && kind !== 'left') return;
    this.#live.delete(gateway);
    this.#gone.add(gateway);
    for (const silent of this.#silent) silent.delete(gateway);
  }

  #seeSettled(event: Extract<Event, { is: 'settled' }>): void {
    const { atMs, storeMs, counter, claim, copy, grant, gateway } = event;
    this.#newest[counter] = grant.window;
    const isStated = claim.window === grant.window && grant.outcome === 'granted';
    if (grant.granted > 0) this.#holds.set(`${gateway} ${counter}`, grant.window);
    else if (isStated && claim.held === 0) this.#holds.delete(`${gateway} ${counter}`);
    const silent = this.#silent[counter]!;
    if (silent.size === 0) return;
    if (atMs > this.#restatedByMs) this.#endSilence(counter, { atMs, storeMs });
    else add(this.#granted, `${counter} ${grant.window}`, grant.granted);
    // A replay states what its gateway held long ago.
    if (isStated && copy === 0) silent.delete(gateway);
  }

  #endSilence(counter: number, { atMs, storeMs }: { readonly atMs: number; readonly storeMs: number }): void {
    for (const [gateway, window] of this.#silent[counter]!) {
      if (window !== this.#windows.at(counter, storeMs)) continue;
      this.#report('I2', `counter ${counter}: gateway ${gateway} has not restated what it holds, at ${atMs}`);
    }
    this.#silent[counter]!.clear();
  }

  #spend(
    { storeMs, gateway, askedAtMs, atMs }: Extract<Event, { is: 'decision' }>,
    counter: number,
    cost: number,
  ): void {
    if (this.#scenario.counters[counter]?.kind !== 'fixed-window') return;
    const window = this.#windows.at(counter, storeMs) ?? 'between';
    const name = `${counter} ${window}`;
    const spent = add(this.#spent, name, cost);
    add(this.#spentBy, `${name} ${gateway}`, cost);
    if (this.#spentBefore === undefined) return;
    let bound = this.#granted.get(name) ?? 0;
    for (const gone of this.#gone) bound += this.#spentBy.get(`${name} ${gone}`) ?? 0;
    const over = spent - Math.max(this.#quotas.inForce(counter, askedAtMs), this.#spentBefore.get(name) ?? 0);
    if (!this.#afterLoss.has(name)) {
      this.#afterLoss.add(name);
      this.figures.windows += 1;
    }
    if (over === 1) this.figures.exceeded += 1;
    if (over > this.figures.furthest.over) this.figures.furthest = { over, bound };
    if (over > bound) {
      this.#report('I2', `counter and window ${name}: ${over} over the limit, bound ${bound}, at ${atMs}`);
    }
  }
}
