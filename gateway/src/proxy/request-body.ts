import type { BodyReader } from '../wire/body-reader.ts';
import type { BodySource, BodyTaker } from '../wire/body-source.ts';

/** Who feeds a body: gives what is there of it, now and when more comes, as long as it is wanted. */
export interface BodyFeed {
  feedBody(): void;
}

/** A request's body on its way from the client's connection to its taker. */
export class RequestBody implements BodySource {
  readonly length: number | 'unknown';
  touched = false;
  /** Without framing. */
  bytes = 0;
  readonly #feed: BodyFeed;
  readonly #reader: BodyReader;
  #taker: BodyTaker | undefined;
  #flows = false;
  /** Up to how many bytes are read only to be thrown away. */
  #discards: number | undefined;

  constructor(length: number | 'unknown', reader: BodyReader, feed: BodyFeed) {
    this.length = length;
    this.#reader = reader;
    this.#feed = feed;
  }

  /** Whether the client is expected to send more of it now. */
  get wanted(): boolean {
    return this.#flows && !this.#reader.done;
  }

  get complete(): boolean {
    return this.#reader.done;
  }

  start(taker: BodyTaker): void {
    this.touched = true;
    this.#taker = taker;
    this.#flows = true;
    this.#feed.feedBody();
  }

  resume(): void {
    this.#flows = true;
    this.#feed.feedBody();
  }

  stop(): void {
    this.#taker = undefined;
    if (this.#discards === undefined) this.#flows = false;
  }

  /** Reads the rest, up to a bound: closing at once could take the answer from a client that still sends. */
  discard(bytesMax: number): void {
    this.#taker = undefined;
    this.#discards = bytesMax;
    this.#flows = true;
    this.#feed.feedBody();
  }

  /** Takes bytes from `at` on; gives where they stop to be part of the body, or why they can't be taken. */
  take(bytes: Buffer, at: number): number | 'flawed' | 'too-much' {
    const { data, end } = this.#reader.read(bytes, at);
    this.bytes += data.length;
    if (this.#reader.flawed) return 'flawed';
    if (this.#discards !== undefined) {
      this.#discards -= data.length;
      return this.#discards < 0 ? 'too-much' : end;
    }
    const taker = this.#taker;
    if (data.length > 0 && taker?.data(data) === false) this.#flows = false;
    if (this.#reader.done) {
      this.#taker = undefined;
      taker?.end();
    }
    return end;
  }
}
