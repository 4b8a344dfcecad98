import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

/**
 * A request's body as the backend's side reads it. Destroying it leaves the client's connection alone, which node's own
 * stream would not; it takes from the client only what its reader asks for.
 */
export class RequestBody extends Readable {
  readonly #incoming: IncomingMessage;
  readonly #count: (bytes: number) => void;
  #wanting = false;

  constructor(incoming: IncomingMessage, count: (bytes: number) => void) {
    super();
    this.#incoming = incoming;
    this.#count = count;
    incoming.pause();
    incoming.on('data', this.#take);
    incoming.on('end', this.#end);
  }

  /** Whether the reader waits for the client to send more. */
  get wanting(): boolean {
    return this.#wanting;
  }

  override _read(): void {
    this.#wanting = true;
    this.#incoming.resume();
  }

  /** Why a reader gave up is told elsewhere; an error nobody listens to would end the process. */
  override _destroy(_: Error | null, done: (error?: Error | null) => void): void {
    this.#wanting = false;
    this.#incoming.off('data', this.#take);
    this.#incoming.off('end', this.#end);
    done();
  }

  readonly #take = (chunk: Buffer): void => {
    this.#count(chunk.length);
    if (this.push(chunk)) return;
    this.#wanting = false;
    this.#incoming.pause();
  };

  readonly #end = (): void => {
    this.#wanting = false;
    this.push(null);
  };
}
