import type { Entry } from './entry.ts';
import type { Lanes, StorePart } from './lanes.ts';
import type { LeaseBook } from './lease-book.ts';

/** Which of our counters an outage of a part of the store concerns. */
export class Concerned<Waiter> {
  readonly #book: LeaseBook<Waiter>;
  readonly #lanes: Lanes<Waiter>;

  constructor(book: LeaseBook<Waiter>, lanes: Lanes<Waiter>) {
    this.#book = book;
    this.#lanes = lanes;
  }

  /** What the part must hear first when it is back. */
  unheard(part: StorePart, nowMs: number): readonly Entry<Waiter>[] {
    return this.#book.entries.filter((entry) => {
      return (entry.alone !== undefined || entry.lease.live(nowMs)) && this.#isOf(part, entry);
    });
  }

  /** What is counted again: also counters that have come to another part meanwhile. */
  back(part: StorePart, isAway: (entry: Entry<Waiter>) => boolean): readonly Entry<Waiter>[] {
    return this.#book.entries.filter((entry) => {
      return (entry.alone !== undefined || this.#isOf(part, entry)) && !isAway(entry);
    });
  }

  anyOf(part: StorePart): Entry<Waiter> | undefined {
    return this.#book.entries.find((entry) => this.#isOf(part, entry));
  }

  #isOf(part: StorePart, entry: Entry<Waiter>): boolean {
    return part === undefined || this.#lanes.partOf(entry) === part;
  }
}
