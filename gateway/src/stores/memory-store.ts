import type { Claim, Grant } from '../limits/claim.ts';
import type { CounterKey } from '../limits/counter-key.ts';
import { StoreError, type CounterStore } from '../limits/counter-store.ts';
import { mattersUntilMs, type Ledger } from '../limits/ledger.ts';
import { settle } from '../limits/settle.ts';

interface Kept {
  readonly ledger: Ledger;
  readonly untilMs: number;
}

export interface MemoryStoreSettings {
  /** The store's clock: whole ms since the Unix epoch. */
  readonly nowMs: () => number;
  /** How many gateways claim here. */
  readonly gateways: () => number;
  /** A ledger whose window runs is never dropped: beyond this many, claims on new counters fail. */
  readonly ledgersMax: number;
}

/** Old ledgers that each claim looks at: the map is swept while it is used, with no pause that grows with it. */
const sweptPerClaim = 4;

/** Ledgers stay for this long after they matter, so a clock that is set back by less finds every count it left. */
const clockGraceMs = 60_000;

/** The specification itself over a bounded map: for one gateway process, for tests, and behind a peer server. */
export class MemoryStore implements CounterStore {
  readonly #settings: MemoryStoreSettings;
  readonly #ledgers = new Map<CounterKey, Kept>();
  #sweep: MapIterator<[CounterKey, Kept]>;

  constructor(settings: MemoryStoreSettings) {
    this.#settings = settings;
    this.#sweep = this.#ledgers.entries();
  }

  get size(): number {
    return this.#ledgers.size;
  }

  settle(claims: readonly Claim[]): Promise<readonly Grant[]> {
    try {
      return Promise.resolve(claims.map((claim) => this.#settleOne(claim)));
    } catch (error) {
      if (error instanceof StoreError) return Promise.reject(error);
      throw error;
    }
  }

  read(keys: readonly CounterKey[]): Promise<readonly (Ledger | undefined)[]> {
    return Promise.resolve(keys.map((key) => this.#ledgers.get(key)?.ledger));
  }

  forget(keys: readonly CounterKey[]): Promise<void> {
    for (const key of keys) this.#ledgers.delete(key);
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#ledgers.clear();
    return Promise.resolve();
  }

  #settleOne(claim: Claim): Grant {
    const nowMs = this.#settings.nowMs();
    this.#dropEnded(nowMs);
    const known = this.#ledgers.get(claim.key)?.ledger;
    const { ledger, grant } = settle({ ledger: known, claim, nowMs, gateways: this.#settings.gateways() });
    if (ledger !== undefined && ledger !== known) {
      if (known === undefined && this.#ledgers.size >= this.#settings.ledgersMax) {
        throw new StoreError(`the store is full: ${this.#settings.ledgersMax} counters are in use`);
      }
      const untilMs = mattersUntilMs(claim.limit, ledger) + clockGraceMs;
      this.#ledgers.set(claim.key, { ledger, untilMs });
    }
    return grant;
  }

  #dropEnded(nowMs: number): void {
    for (let looked = 0; looked < sweptPerClaim; looked += 1) {
      const next = this.#sweep.next();
      if (next.done === true) {
        this.#sweep = this.#ledgers.entries();
        return;
      }
      const [key, { untilMs }] = next.value;
      if (nowMs >= untilMs) this.#ledgers.delete(key);
    }
  }
}
