import type { Event } from '../history.ts';
import type { Scenario } from '../scenario.ts';
import { claimDeadlineMs, silenceMsMax } from '../sim-gateway.ts';
import { add, type Check, type Report } from './check.ts';

/**
 * When the store is away for everybody, and everybody has noticed, the shares add up to the limit: in aligned windows that begin
 * then, units spent stay within it, those included that the store grants in them when it is back.
 */
export class SharesAddUp implements Check {
  readonly #scenario: Scenario;
  readonly #report: Report;
  readonly #spent = new Map<string, number>();
  #frozenAtMs: number | undefined;
  readonly #windows = new Set<string>();

  constructor(scenario: Scenario, report: Report) {
    this.#scenario = scenario;
    this.#report = report;
  }

  /** Whether in this scenario only the store ever fails, and every gateway asks often enough to notice. */
  static appliesTo({ faults, network, demand, shape }: Scenario): boolean {
    return (
      shape === 'even' &&
      faults.every(({ kind }) => kind === 'freeze' || kind === 'flush') &&
      demand.every(({ everyMs }) => everyMs <= 13) &&
      network.lossRate === 0 &&
      2 * network.delayMsMax < claimDeadlineMs
    );
  }

  see(event: Event): void {
    if (event.is === 'incident') {
      if (event.kind === 'frozen') this.#frozenAtMs ??= event.atMs;
      if (event.kind === 'thawed') this.#frozenAtMs = undefined;
    } else if (event.is === 'decision' && event.admitted) {
      for (const { counter, cost } of event.charges) this.#spend(event, counter, cost);
    }
  }

  #spend({ atMs, storeMs }: Extract<Event, { is: 'decision' }>, counter: number, cost: number): void {
    const limit = this.#scenario.counters[counter]!;
    if (limit.kind !== 'fixed-window' || limit.starts !== 'aligned') return;
    const sinceMs = storeMs % limit.windowMs;
    // A gateway that is alone knows the store's clock by the length of a message only.
    if (sinceMs <= this.#scenario.network.delayMsMax + 3) return;
    const name = `${counter} ${storeMs - sinceMs}`;
    const noticedMs = (this.#frozenAtMs ?? Infinity) + silenceMsMax + 2 * claimDeadlineMs;
    if (atMs - sinceMs >= noticedMs) this.#windows.add(name);
    const spent = add(this.#spent, name, cost);
    if (this.#windows.has(name) && spent > limit.quota) {
      this.#report('I1', `counter and window ${name}: ${spent} spent, of ${limit.quota}, at ${atMs}`);
    }
  }
}
