import type { FrameHead } from '../wire/frame-reader.ts';
import { unmask } from '../wire/frame-writer.ts';

/** A message that is kept until it is whole: as it came, and its payload unmasked. */
export class SeenMessage {
  readonly raw: Buffer[] = [];
  readonly #parts: Buffer[] = [];
  #bytes = 0;
  #mask: Buffer | undefined;
  #offset = 0;

  get payload(): Buffer {
    return Buffer.concat(this.#parts);
  }

  /** False when the message becomes too large. */
  begin({ length, mask, raw }: FrameHead, bytesMax: number): boolean {
    this.#bytes += length;
    this.#mask = mask;
    this.#offset = 0;
    this.raw.push(raw);
    return this.#bytes <= bytesMax && this.raw.length <= piecesMax;
  }

  add(bytes: Buffer): void {
    const part = Buffer.from(bytes);
    this.raw.push(Buffer.from(bytes));
    if (this.#mask !== undefined) unmask(part, this.#mask, this.#offset);
    this.#parts.push(part);
    this.#offset += bytes.length;
  }
}

/** Heads and payloads of one message: many tiny ones would hold far more memory than they say. */
const piecesMax = 4096;
