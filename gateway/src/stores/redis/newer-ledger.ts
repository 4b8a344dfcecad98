import type { Grant } from '../../limits/claim.ts';
import { StoreError } from '../../limits/counter-store.ts';

/** The format of ledgers that settle.lua reads and writes. */
const formatKnown = 1;

/** A ledger of a later format than this version knows: nothing of it was read, and nothing was changed. */
export class NewerLedger extends StoreError {
  /** Redis' key of it, where it is known. */
  readonly key: string | undefined;

  constructor(format: string, key?: string) {
    const number = /^\d{1,9}$/.test(format) ? format : 'unknown';
    super(
      `the store speaks a newer format: a later version of Sluice has written a ledger of format ${number}, ` +
        `the newest known here is ${formatKnown}`,
    );
    this.key = key;
  }
}

/** The format that a hash says it has; one that says nothing has the first. Throws NewerLedger. */
export function checkFormat(format: string | undefined): void {
  if (format !== undefined && Number(format) !== formatKnown) throw new NewerLedger(format);
}

/**
 * Remembers a newer ledger that was met. As long as it stands no claim leaves: gateways that share a store with a later version
 * would else go to and fro between counting with the others and alone, with each question that happens to be about another
 * counter.
 */
export class NewerLedgerWatch {
  readonly #formatAt: (key: string) => Promise<string | null | undefined>;
  #met: NewerLedger | undefined;

  /** `formatAt` asks for the field that a later format has. */
  constructor(formatAt: (key: string) => Promise<string | null | undefined>) {
    this.#formatAt = formatAt;
  }

  async settle(claim: () => Promise<readonly Grant[]>): Promise<readonly Grant[]> {
    if (this.#met !== undefined) await this.#lookAgain(this.#met);
    try {
      return await claim();
    } catch (error) {
      if (error instanceof NewerLedger) this.#met = error;
      throw error;
    }
  }

  async #lookAgain(met: NewerLedger): Promise<void> {
    const format = met.key === undefined ? undefined : await this.#formatAt(met.key);
    if (format !== undefined && format !== null && Number(format) !== formatKnown) throw met;
    this.#met = undefined;
  }
}
