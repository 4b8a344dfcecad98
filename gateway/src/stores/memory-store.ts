import type { Claim, Grant } from '../limits/claim.ts';
import type { CounterKey } from '../limits/counter-key.ts';
import { StoreError, type CounterStore } from '../limits/counter-store.ts';
import type { Ledger } from '../limits/ledger.ts';
import { LedgerShelf, type ShelfSettings } from './ledger-shelf.ts';

/** The specification itself, in memory: for one gateway process, for tests, and behind a peer server. */
export class MemoryStore implements CounterStore {
  readonly #shelf: LedgerShelf;

  constructor(settings: ShelfSettings) {
    this.#shelf = new LedgerShelf(settings);
  }

  get size(): number {
    return this.#shelf.size;
  }

  settle(claims: readonly Claim[]): Promise<readonly Grant[]> {
    try {
      return Promise.resolve(claims.map((claim) => this.#shelf.settle(claim)));
    } catch (error) {
      if (error instanceof StoreError) return Promise.reject(error);
      throw error;
    }
  }

  read(keys: readonly CounterKey[]): Promise<readonly (Ledger | undefined)[]> {
    return Promise.resolve(keys.map((key) => this.#shelf.get(key)?.ledger));
  }

  forget(keys: readonly CounterKey[]): Promise<void> {
    for (const key of keys) this.#shelf.forget(key);
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#shelf.clear();
    return Promise.resolve();
  }
}
