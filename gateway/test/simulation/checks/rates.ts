import type { SlidingWindow, TokenBucket } from '../../../src/limits/limit.ts';
import type { Event } from '../history.ts';
import type { Counters } from '../scenario.ts';
import { add, type Check, type Report } from './check.ts';
import type { Quotas } from './quotas.ts';

/** I1 for sliding windows: this window's units and the part of the last one's that lies within its length, at any moment. */
export class ExactSliding implements Check {
  readonly #scenario: Counters;
  readonly #quotas: Quotas;
  readonly #report: Report;
  readonly #spent = new Map<string, number>();

  constructor(scenario: Counters, of: { quotas: Quotas; report: Report }) {
    this.#scenario = scenario;
    this.#quotas = of.quotas;
    this.#report = of.report;
  }

  see(event: Event): void {
    if (event.is !== 'decision' || !event.admitted || !event.certain) return;
    for (const { counter, cost } of event.charges) {
      const limit = this.#scenario.counters[counter];
      if (limit?.kind === 'sliding-window') this.#spend(event, { counter, cost, limit });
    }
  }

  #spend(
    { storeMs, askedAtMs, atMs }: Extract<Event, { is: 'decision' }>,
    { counter, cost, limit }: { counter: number; cost: number; limit: SlidingWindow },
  ): void {
    const { windowMs } = limit;
    const window = storeMs - (storeMs % windowMs);
    const spent = add(this.#spent, `${counter} ${window}`, cost);
    const before = this.#spent.get(`${counter} ${window - windowMs}`) ?? 0;
    const sum = spent + Math.ceil((before * (window + windowMs - storeMs)) / windowMs);
    const quota = this.#quotas.inForce(counter, askedAtMs);
    if (sum > quota) this.#report('I1', `sliding counter ${counter}: ${sum} of ${quota}, at ${atMs}`);
  }
}

/** Leases of a bucket live this long (leases.md, section 7). */
const leaseMs = 100;

/** I1 for token buckets: in any span t at most burst + rate × (t + a lease's life), whatever the limit was meanwhile. */
export class ExactBuckets implements Check {
  readonly #scenario: Counters;
  readonly #report: Report;
  readonly #filled: { units: number; atMs: number }[];
  readonly #changed = new Set<number>();

  constructor(scenario: Counters, report: Report) {
    this.#scenario = scenario;
    this.#report = report;
    this.#filled = scenario.counters.map(() => ({ units: 0, atMs: 0 }));
  }

  see(event: Event): void {
    if (event.is === 'incident' && event.kind === 'limit-changed' && event.counter !== undefined) {
      this.#changed.add(event.counter);
    }
    if (event.is !== 'decision' || !event.admitted || !event.certain) return;
    for (const { counter, cost } of event.charges) {
      const limit = this.#scenario.counters[counter];
      if (limit?.kind === 'token-bucket' && !this.#changed.has(counter))
        this.#spend(event.atMs, counter, cost, limit);
    }
  }

  #spend(atMs: number, counter: number, cost: number, { quota, windowMs, burst }: TokenBucket): void {
    const filled = this.#filled[counter]!;
    const rate = quota / windowMs;
    filled.units = Math.max(0, filled.units - rate * (atMs - filled.atMs)) + cost;
    filled.atMs = atMs;
    const most = burst + rate * leaseMs;
    if (filled.units > most + 1e-6) {
      this.#report('I1', `bucket ${counter}: ${filled.units} at once, of at most ${most}, at ${atMs}`);
    }
  }
}
