import type { GatewayId } from '../../limits/claim.ts';
import type { CounterKey } from '../../limits/counter-key.ts';
import { StoreError } from '../../limits/counter-store.ts';
import type { Ledger } from '../../limits/ledger.ts';

interface Reading {
  readonly resolve: (ledger: Ledger | undefined) => void;
  readonly reject: (error: StoreError) => void;
}

/** Ledgers of other members that somebody wants to see. */
export class LedgerReader {
  readonly #ask: (owner: GatewayId, id: number, key: CounterKey) => void;
  readonly #reading = new Map<number, Reading>();
  #lastId = 0;

  constructor(ask: (owner: GatewayId, id: number, key: CounterKey) => void) {
    this.#ask = ask;
  }

  read(key: CounterKey, owner: GatewayId): Promise<Ledger | undefined> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#reading.set(id, { resolve, reject });
      this.#ask(owner, id, key);
    });
  }

  answer(id: number, ledger: Ledger | undefined): void {
    this.#reading.get(id)?.resolve(ledger);
    this.#reading.delete(id);
  }

  giveUp(why: string): void {
    for (const { reject } of this.#reading.values()) reject(new StoreError(why));
    this.#reading.clear();
  }
}
