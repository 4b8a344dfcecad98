import type { FrameHead } from '../wire/frame-reader.ts';
import { unmask } from '../wire/frame-writer.ts';
import { GrowingBytes } from './growing-bytes.ts';

/** A message that is kept until it is whole: as it came, and its payload unmasked. */
export class SeenMessage {
  readonly #raw = new GrowingBytes();
  readonly #payload = new GrowingBytes();
  /** Of all frames that were announced, with their heads. */
  #bytes = 0;
  #mask: Buffer | undefined;
  /** How much of the frame's payload came. */
  #offset = 0;

  get raw(): Buffer {
    return this.#raw.bytes;
  }

  get payload(): Buffer {
    return this.#payload.bytes;
  }

  /** Begins a frame; false when the message becomes larger than it may be. */
  begin({ length, mask, raw }: FrameHead, bytesMax: number): boolean {
    this.#bytes += length + raw.length;
    this.#mask = mask;
    this.#offset = 0;
    this.#raw.add(raw);
    return this.#bytes <= bytesMax;
  }

  add(bytes: Buffer): void {
    this.#raw.add(bytes);
    const at = this.#payload.length;
    this.#payload.add(bytes);
    if (this.#mask !== undefined) unmask(this.#payload.bytes.subarray(at), this.#mask, this.#offset);
    this.#offset += bytes.length;
  }
}
