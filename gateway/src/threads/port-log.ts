import type { Batches } from '../access-log.ts';

/** So much waits to be taken at most; more is dropped, and counted. */
const untakenCharsMax = 2 * 1024 * 1024;

/** The access log of a thread: its lines go to the one writer of this process. */
export class PortLog implements Batches {
  readonly #send: (batch: string, lines: number) => void;
  #untakenChars = 0;
  #dropped = 0;

  constructor(send: (batch: string, lines: number) => void) {
    this.#send = send;
  }

  write(batch: string, lines: number): void {
    if (this.#untakenChars + batch.length > untakenCharsMax) {
      this.#dropped += lines;
      return;
    }
    this.#untakenChars += batch.length;
    this.#send(batch, lines);
  }

  /** The writer has taken so much. */
  taken(chars: number): void {
    this.#untakenChars -= chars;
  }

  dropped(): number {
    return this.#dropped;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
