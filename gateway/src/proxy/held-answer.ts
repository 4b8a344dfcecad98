/** How much of an answer waits for its turn before its backend is asked to wait, too. */
const bytesMax = 64 * 1024;

const none: readonly (string | Buffer)[] = [];

/** What of an answer waits for its turn. */
export class HeldAnswer {
  #pieces: (string | Buffer)[] | undefined;
  #bytes = 0;

  /** False when its backend should wait, too. */
  add(pieces: readonly (string | Buffer)[]): boolean {
    this.#pieces ??= [];
    for (const piece of pieces) {
      this.#pieces.push(piece);
      this.#bytes += piece.length;
    }
    return this.#bytes <= bytesMax;
  }

  /** All of it, which waits no longer. */
  take(): readonly (string | Buffer)[] {
    const pieces = this.#pieces ?? none;
    this.#pieces = undefined;
    this.#bytes = 0;
    return pieces;
  }
}
