import type { Charge } from '../policy/plan.ts';
import type { Due } from './decision.ts';
import type { Entry } from './entry.ts';
import type { LeaseBook } from './lease-book.ts';

/** The leases that are to pay a request's charges. Requests that owe the same share one list of charges: its leases are known again. */
export class KnownDues<Waiter> {
  readonly #book: LeaseBook<Waiter>;
  readonly #adjusted: (entry: Entry<Waiter>) => void;
  readonly #known = new WeakMap<readonly Charge[], readonly Due<Waiter>[]>();

  /** `adjusted` is told of leases whose limit has changed. */
  constructor(book: LeaseBook<Waiter>, adjusted: (entry: Entry<Waiter>) => void) {
    this.#book = book;
    this.#adjusted = adjusted;
  }

  /** Undefined when the book is full of counters that still matter. */
  of(charges: readonly Charge[]): readonly Due<Waiter>[] | undefined {
    const known = this.#known.get(charges);
    if (known?.every(isCurrent) === true) return known;
    const dues: Due<Waiter>[] = [];
    for (const charge of charges) {
      const entry = this.#book.entry(charge.key, charge.limit, this.#adjusted);
      if (entry === undefined) return undefined;
      dues.push({ charge, entry });
    }
    this.#known.set(charges, dues);
    return dues;
  }
}

/** The book may have let go of the lease, and another configuration may have given its counter another limit. */
function isCurrent({ charge, entry }: Due<unknown>): boolean {
  return entry.forgotten === undefined && entry.lease.limit === charge.limit;
}
