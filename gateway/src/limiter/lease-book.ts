import type { Clock } from '../limits/clock.ts';
import type { CounterKey } from '../limits/counter-key.ts';
import { Lease } from '../limits/lease.ts';
import type { Limit } from '../limits/limit.ts';
import { nobody, type Entry } from './entry.ts';

export interface LeaseBookSettings {
  /** How far ahead leases look; see lease-size.ts. */
  readonly horizonMs: number;
  /** Counters kept in memory at most. */
  readonly countersMax: number;
}

const sweepEveryMs = 1000;

/** All leases of this gateway. Counters whose windows are over everywhere are forgotten; until then they are kept. */
export class LeaseBook<Waiter> {
  readonly #clock: Clock;
  readonly #settings: LeaseBookSettings;
  readonly #entries = new Map<CounterKey, Entry<Waiter>>();
  #cancelSweep = (): void => {};

  constructor(clock: Clock, settings: LeaseBookSettings) {
    this.#clock = clock;
    this.#settings = settings;
    this.#sweepLater();
  }

  get size(): number {
    return this.#entries.size;
  }

  get entries(): readonly Entry<Waiter>[] {
    return [...this.#entries.values()];
  }

  /**
   * The entry of a counter, made when missing; undefined when the book is full of counters that still matter. `adjusted` is
   * told when the counter's limit isn't what the lease knew.
   */
  entry(key: CounterKey, limit: Limit, adjusted: (entry: Entry<Waiter>) => void): Entry<Waiter> | undefined {
    const known = this.#entries.get(key);
    if (known !== undefined) {
      if (known.lease.limit !== limit && known.lease.adjust(limit)) adjusted(known);
      return known;
    }
    if (this.#entries.size >= this.#settings.countersMax) return undefined;
    const lease = new Lease(key, limit, this.#settings.horizonMs);
    const entry: Entry<Waiter> = { lease, waiting: nobody };
    this.#entries.set(key, entry);
    return entry;
  }

  /** Units counted in the store for this gateway and not spent. Walks all counters. */
  leasedUnits(): number {
    const nowMs = this.#clock.monotonicMs();
    let units = 0;
    for (const { lease } of this.#entries.values()) units += lease.available(nowMs);
    return units;
  }

  close(): void {
    this.#cancelSweep();
  }

  #sweepLater(): void {
    this.#cancelSweep = this.#clock.after(sweepEveryMs, () => {
      const nowMs = this.#clock.monotonicMs();
      for (const [key, entry] of this.#entries) {
        if (entry.waiting.length === 0 && entry.alone === undefined && entry.lease.forgettable(nowMs)) {
          this.#entries.delete(key);
          entry.forgotten = true;
        }
      }
      this.#sweepLater();
    });
  }
}
