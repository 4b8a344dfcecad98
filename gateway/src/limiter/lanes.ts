import { claimsPerBatchMax, type CounterStore } from '../limits/counter-store.ts';
import type { Entry } from './entry.ts';

/** A part of the store that can fail by itself; undefined stands for the whole. */
export type StorePart = string | undefined;

/** What leaves for one part of the store: a part that owes answers keeps no claim for another one waiting. */
export interface Lane<Waiter> {
  readonly part: StorePart;
  readonly touched: Set<Entry<Waiter>>;
  /** Batches that owe an answer. */
  inFlight: number;
  turnPlanned: boolean;
}

/** The lanes of all parts; a store that has no parts has one lane. */
export class Lanes<Waiter> {
  readonly #store: CounterStore;
  readonly #byPart = new Map<StorePart, Lane<Waiter>>();

  constructor(store: CounterStore) {
    this.#store = store;
  }

  /** The part that has this entry's counter now. */
  partOf(entry: Entry<Waiter>): StorePart {
    return this.#store.partOf?.(entry.lease.key);
  }

  of(entry: Entry<Waiter>): Lane<Waiter> {
    const part = this.partOf(entry);
    const known = this.#byPart.get(part);
    if (known !== undefined) return known;
    const lane: Lane<Waiter> = { part, touched: new Set(), inFlight: 0, turnPlanned: false };
    this.#byPart.set(part, lane);
    return lane;
  }

  /** Entries by their lanes, in their order. */
  sorted(entries: readonly Entry<Waiter>[]): ReadonlyMap<Lane<Waiter>, readonly Entry<Waiter>[]> {
    return Map.groupBy(entries, (entry) => this.of(entry));
  }
}

/** As many together as a store takes at once. */
export function batches<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  const count = Math.ceil(items.length / claimsPerBatchMax);
  return Array.from({ length: count }, (_, index) => {
    return items.slice(index * claimsPerBatchMax, (index + 1) * claimsPerBatchMax);
  });
}
