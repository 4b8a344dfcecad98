const slabBytes = 64 * 1024;
const slabsMax = 32;

/**
 * Copies of bytes that are somebody else's again soon, in memory that is used over and over: a stream makes no garbage as large
 * as itself. There are few such slabs; beyond them, and beyond their size, copies are made as ever.
 */
export class LentCopies {
  readonly #free: Buffer[] = [];
  #made = 0;

  /** The copy, and what is to be called when nobody reads it any more; undefined when that needn't be told. */
  copy(bytes: Buffer): { readonly copy: Buffer; readonly giveBack: (() => void) | undefined } {
    const slab = bytes.length <= slabBytes ? this.#slab() : undefined;
    if (slab === undefined) return { copy: Buffer.from(bytes), giveBack: undefined };
    bytes.copy(slab);
    return { copy: slab.subarray(0, bytes.length), giveBack: () => this.#free.push(slab) };
  }

  #slab(): Buffer | undefined {
    const free = this.#free.pop();
    if (free !== undefined || this.#made >= slabsMax) return free;
    this.#made += 1;
    return Buffer.allocUnsafeSlow(slabBytes);
  }
}
