/** What is known of the place of one member, named by its address. The greater version is the newer word. */
export interface Known {
  readonly address: string;
  readonly version: number;
  readonly left: boolean;
}

/**
 * The places that belong to the cluster, whoever runs there now: of these a majority must be in touch. A member that leaves in
 * order, or is missing for a long time, is struck off; whoever is told that it was, and lives, comes back.
 */
export class KnownMembers {
  readonly #self: string;
  readonly #known = new Map<string, Known>();
  /** Since when members are missing. */
  readonly #missingSinceMs = new Map<string, number>();

  constructor(self: string, others: readonly string[]) {
    this.#self = self;
    for (const address of new Set([self, ...others])) {
      this.#known.set(address, { address, version: 0, left: false });
    }
  }

  get all(): readonly Known[] {
    return [...this.#known.values()];
  }

  get addresses(): readonly string[] {
    return this.all.filter(({ left }) => !left).map(({ address }) => address);
  }

  join(address: string): void {
    this.#change(address, false);
  }

  leave(address: string): void {
    this.#change(address, true);
  }

  /** Takes over newer words; of two as new, that a member is there. */
  hear(words: readonly Known[]): void {
    for (const word of words) {
      const known = this.#known.get(word.address);
      const isNewer = known === undefined || word.version > known.version;
      if (isNewer || (word.version === known.version && known.left && !word.left)) this.#put(word);
    }
    if (this.#known.get(this.#self)?.left === true) this.join(this.#self);
  }

  isMajority(addresses: readonly string[]): boolean {
    const known = this.addresses;
    return 2 * addresses.filter((address) => known.includes(address)).length > known.length;
  }

  /** Strikes off whoever has been missing for long while a majority counts; called again and again while it does. */
  strikeOff(present: readonly string[], nowMs: number): void {
    for (const address of this.addresses) {
      const isMissing = address !== this.#self && !present.includes(address);
      const sinceMs = this.#missingSinceMs.get(address) ?? nowMs;
      if (isMissing && nowMs - sinceMs <= strikeOffMs) {
        this.#missingSinceMs.set(address, sinceMs);
        continue;
      }
      this.#missingSinceMs.delete(address);
      if (isMissing) this.leave(address);
    }
  }

  #change(address: string, left: boolean): void {
    const known = this.#known.get(address);
    if (known?.left === left || (known === undefined && left)) return;
    this.#put({ address, version: (known?.version ?? -1) + 1, left });
  }

  /** Bounded: where many have come and gone, the oldest that left is forgotten for a new one. */
  #put(word: Known): void {
    const isNew = !this.#known.has(word.address);
    if (isNew && this.#known.size >= membersMax) {
      const gone = this.all.find(({ left }) => left);
      if (gone === undefined) return;
      this.#known.delete(gone.address);
    }
    this.#known.set(word.address, word);
  }
}

const strikeOffMs = 60_000;

/** Places that are remembered, those that were struck off included. */
export const membersMax = 256;
