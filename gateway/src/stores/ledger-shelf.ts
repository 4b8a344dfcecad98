import type { Claim, Grant } from '../limits/claim.ts';
import type { CounterKey } from '../limits/counter-key.ts';
import { StoreError } from '../limits/counter-store.ts';
import { mattersUntilMs, type Ledger } from '../limits/ledger.ts';
import type { Limit } from '../limits/limit.ts';
import { settle } from '../limits/settle.ts';
import { merged } from './merged.ts';

/** A ledger with what names it. */
export interface NamedLedger {
  readonly key: CounterKey;
  readonly limit: Limit;
  readonly ledger: Ledger;
}

export interface ShelfSettings {
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

/** The specification, settle(), over a bounded map. */
export class LedgerShelf {
  readonly #settings: ShelfSettings;
  readonly #ledgers = new Map<CounterKey, NamedLedger>();
  #sweep: MapIterator<NamedLedger>;

  constructor(settings: ShelfSettings) {
    this.#settings = settings;
    this.#sweep = this.#ledgers.values();
  }

  get size(): number {
    return this.#ledgers.size;
  }

  get all(): readonly NamedLedger[] {
    return [...this.#ledgers.values()];
  }

  get(key: CounterKey): NamedLedger | undefined {
    return this.#ledgers.get(key);
  }

  /** Throws StoreError when the claim is about a new counter and there is no room for it. */
  settle(claim: Claim): Grant {
    const isNew = !this.#ledgers.has(claim.key);
    if (isNew && this.#ledgers.size >= this.#settings.ledgersMax) {
      throw new StoreError(`the store is full: ${this.#settings.ledgersMax} counters are in use`);
    }
    return this.restate(claim);
  }

  /** Like `settle`, for a claim that tells what was counted before: there is always room for that. */
  restate(claim: Claim): Grant {
    const { key, limit } = claim;
    const nowMs = this.#settings.nowMs();
    this.#dropEnded(nowMs);
    const known = this.#ledgers.get(key)?.ledger;
    const { ledger, grant } = settle({ ledger: known, claim, nowMs, gateways: this.#settings.gateways() });
    if (ledger !== undefined && ledger !== known) this.#ledgers.set(key, { key, limit, ledger });
    return grant;
  }

  /** Takes in what another copy of the ledger knows: that was counted, so there is always room for it. */
  merge(copy: NamedLedger): void {
    const nowMs = this.#settings.nowMs();
    this.#dropEnded(nowMs);
    const known = this.#ledgers.get(copy.key);
    const isOver = ({ limit, ledger }: NamedLedger): boolean => nowMs >= mattersUntilMs(limit, ledger);
    if (known === undefined || isOver(known)) this.#ledgers.set(copy.key, copy);
    else if (!isOver(copy)) {
      const ledger = merged(copy.limit, known.ledger, copy.ledger, nowMs);
      this.#ledgers.set(copy.key, { ...copy, ledger });
    }
  }

  forget(key: CounterKey): void {
    this.#ledgers.delete(key);
  }

  clear(): void {
    this.#ledgers.clear();
  }

  #dropEnded(nowMs: number): void {
    for (let looked = 0; looked < sweptPerClaim; looked += 1) {
      const next = this.#sweep.next();
      if (next.done === true) {
        this.#sweep = this.#ledgers.values();
        return;
      }
      const { key, limit, ledger } = next.value;
      if (nowMs >= mattersUntilMs(limit, ledger) + clockGraceMs) this.#ledgers.delete(key);
    }
  }
}
