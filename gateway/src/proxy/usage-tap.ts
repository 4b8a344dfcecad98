import type { Fields } from '../wire/fields.ts';
import { Relay } from './relay.ts';
import { isEncoded, isEventStream, SseReader } from './sse-reader.ts';
import type { Usage } from './usage.ts';
import { UsageScanner } from './usage-scanner.ts';

/** Reads in passing what an answer of an AI backend says it has cost; the answer is neither delayed nor changed. */
export class UsageTap extends Relay {
  /** Of the answer's head; undefined before it. */
  status: number | undefined;
  complete = false;
  readonly #scanner = new UsageScanner();
  #read: ((bytes: Buffer) => void) | undefined;

  get usage(): Usage | undefined {
    return this.#scanner.usage;
  }

  override head(status: number, fields: Fields): void {
    this.status = status;
    this.#read = this.#readerFor(fields);
    super.head(status, fields);
  }

  override data(bytes: Buffer): boolean {
    this.#read?.(bytes);
    return super.data(bytes);
  }

  override end(trailers: Fields): void {
    this.complete = true;
    super.end(trailers);
  }

  #readerFor(fields: Fields): ((bytes: Buffer) => void) | undefined {
    if (isEncoded(fields)) return undefined;
    if (!isEventStream(fields)) return (bytes) => this.#scanner.read(bytes);
    const reader = new SseReader({
      data: (bytes) => this.#scanner.read(bytes),
      ended: () => this.#scanner.restart(),
    });
    return (bytes) => reader.read(bytes);
  }
}
