import type { BodySource, BodyTaker } from '../wire/body-source.ts';
import { GrowingBytes } from './growing-bytes.ts';

/**
 * Collects a body up to a bound. Never answers when the body breaks off. Nothing is set aside for bytes that haven't come, and the
 * answer comes when those at hand are taken.
 */
export function collectBody(body: BodySource, bytesMax: number): Promise<Buffer | 'too-large'> {
  const { length } = body;
  if (length !== 'unknown' && length > bytesMax) return Promise.resolve('too-large');
  return new Promise((done) => {
    body.start(new Collector(body, bytesMax, done));
  });
}

class Collector implements BodyTaker {
  readonly #body: BodySource;
  readonly #bytesMax: number;
  readonly #done: (bytes: Buffer | 'too-large') => void;
  readonly #collected = new GrowingBytes();

  constructor(body: BodySource, bytesMax: number, done: (bytes: Buffer | 'too-large') => void) {
    this.#body = body;
    this.#bytesMax = bytesMax;
    this.#done = done;
  }

  data(bytes: Buffer): boolean {
    if (this.#collected.length + bytes.length > this.#bytesMax) {
      this.#body.stop();
      this.#done('too-large');
      return false;
    }
    this.#collected.add(bytes);
    return true;
  }

  end(): void {
    this.#done(this.#collected.bytes);
  }
}

/** A body that was read before, for whoever takes it now. */
export class ReadBody implements BodySource {
  readonly length: number | 'unknown';
  touched = false;
  readonly #bytes: Buffer;
  #taker: BodyTaker | undefined;

  /** `length` as the client gave it, so that it is framed as it was. */
  constructor(bytes: Buffer, length: number | 'unknown') {
    this.#bytes = bytes;
    this.length = length;
  }

  start(taker: BodyTaker): void {
    this.touched = true;
    this.#taker = taker;
    if (this.#bytes.length === 0 || taker.data(this.#bytes)) this.resume();
  }

  resume(): void {
    const taker = this.#taker;
    this.#taker = undefined;
    taker?.end();
  }

  stop(): void {
    this.#taker = undefined;
  }
}
