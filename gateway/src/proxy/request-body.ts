import type { IncomingMessage } from 'node:http';
import type { BodySource, BodyTaker } from '../wire/body-source.ts';

/** A request's body as node:http gives it, taken from the client only as fast as its taker wants it. */
export class RequestBody implements BodySource {
  readonly length: number | 'unknown';
  readonly #incoming: IncomingMessage;
  readonly #count: (bytes: number) => void;
  #taker: BodyTaker | undefined;
  #wanting = false;

  constructor(incoming: IncomingMessage, length: number | 'unknown', count: (bytes: number) => void) {
    this.length = length;
    this.#incoming = incoming;
    this.#count = count;
    incoming.pause();
  }

  /** Whether the taker waits for the client to send more. */
  get wanting(): boolean {
    return this.#wanting;
  }

  start(taker: BodyTaker): void {
    this.#taker = taker;
    this.#incoming.on('data', this.#take);
    this.#incoming.on('end', this.#end);
    this.resume();
  }

  resume(): void {
    if (this.#taker === undefined) return;
    this.#wanting = true;
    this.#incoming.resume();
  }

  stop(): void {
    this.#wanting = false;
    this.#taker = undefined;
    this.#incoming.off('data', this.#take);
    this.#incoming.off('end', this.#end);
  }

  readonly #take = (bytes: Buffer): void => {
    this.#count(bytes.length);
    if (this.#taker?.data(bytes) !== false) return;
    this.#wanting = false;
    this.#incoming.pause();
  };

  readonly #end = (): void => {
    const taker = this.#taker;
    this.stop();
    taker?.end();
  };
}
