import type { Claim, Grant } from './claim.ts';
import type { CounterKey } from './counter-key.ts';
import type { Ledger } from './ledger.ts';

/** A caller settles at most this many claims at once: while the store works on some, the answers to others are read. */
export const claimsPerBatchMax = 64;

/** The port to wherever ledgers live. One contract suite (test/stores/) runs against every adapter. */
export interface CounterStore {
  /**
   * Settles every claim, each in one atomic step on the store's clock; answers in the order of the claims. Never resends
   * a claim on its own. Rejects with `StoreError` when the store can't be reached or can't answer; then each claim may
   * or may not have been settled, and the next claim's `held` puts that right.
   */
  settle(claims: readonly Claim[]): Promise<readonly Grant[]>;
  /** For people: the ledgers as they stand, whether or not their window is over. */
  read(keys: readonly CounterKey[]): Promise<readonly (Ledger | undefined)[]>;
  /** Drops ledgers. Gateways that hold units of a running window state them again with their next claim. */
  forget(keys: readonly CounterKey[]): Promise<void>;
  close(): Promise<void>;
  /**
   * For a store whose parts fail by themselves: the name of the part that has this counter, as short as it takes and the same
   * when another server takes the part over. Undefined when nobody knows; then only the whole store can be away.
   */
  partOf?(key: CounterKey): string | undefined;
}

/** What a store tells by itself. */
export interface StoreEvents {
  /** It may have lost what it acknowledged. */
  lossSuspected(): void;
  /** How many gateways it believes alive, this one included: a gateway that claims nothing must know that too. */
  gatewaysCounted(gateways: number): void;
}

/** The store is away, or answered with something that is no answer. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}
