const firstBytes = 4096;

/** Bytes that come in pieces, copied together: many small pieces would hold far more memory than they say. */
export class GrowingBytes {
  #room = Buffer.allocUnsafe(firstBytes);
  #filled = 0;

  get length(): number {
    return this.#filled;
  }

  /** All so far; good until more is added. */
  get bytes(): Buffer {
    return this.#room.subarray(0, this.#filled);
  }

  add(piece: Buffer): void {
    const needed = this.#filled + piece.length;
    if (needed > this.#room.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#room.length * 2));
      this.#room.copy(larger, 0, 0, this.#filled);
      this.#room = larger;
    }
    piece.copy(this.#room, this.#filled);
    this.#filled = needed;
  }
}
