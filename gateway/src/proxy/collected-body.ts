import type { BodySource, BodyTaker } from '../wire/body-source.ts';
import type { BodyRooms, HeldBody } from './body-room.ts';
import type { Exchange } from './exchange.ts';
import { GrowingBytes } from './growing-bytes.ts';

/**
 * Collects a body up to a bound. Never answers when the body breaks off. Nothing is set aside for bytes that haven't come, and the
 * answer comes when those at hand are taken.
 */
export function collectBody(body: BodySource, bytesMax: number): Promise<Buffer | 'too-large'> {
  const { length } = body;
  if (length !== 'unknown' && length > bytesMax) return Promise.resolve('too-large');
  return collectUnless(body, (bytes) => (bytes > bytesMax ? 'too-large' : undefined));
}

/**
 * The same for a request's body that holds so much of a room. One that is too large or that there is no room for isn't asked for,
 * or not read on.
 */
export async function readWhole(
  exchange: Exchange,
  { room, bytesMax }: { readonly room: keyof BodyRooms; readonly bytesMax: number },
): Promise<Buffer | 'too-large' | 'no-room'> {
  const { bodyBytes } = exchange.head;
  if (bodyBytes === 0) return noBytes;
  const held = exchange.holdBody(room);
  const objection = (bytes: number): 'too-large' | 'no-room' | undefined => {
    if (bytes > bytesMax) return 'too-large';
    return held.reach(bytes) ? undefined : 'no-room';
  };
  const atOnce = objection(bodyBytes === 'unknown' ? 0 : bodyBytes);
  if (atOnce !== undefined) return atOnce;
  const body = exchange.openBody();
  return body === undefined ? noBytes : collectUnless(body, objection);
}

/** Collects a body, unless something is said against holding so many bytes with the next piece: then that is the answer. */
function collectUnless<Objection>(
  body: BodySource,
  objection: (bytes: number) => Objection | undefined,
): Promise<Buffer | Objection> {
  return new Promise((done) => {
    body.start(new Collector(body, objection, done));
  });
}

class Collector<Objection> implements BodyTaker {
  readonly #body: BodySource;
  readonly #objection: (bytes: number) => Objection | undefined;
  readonly #done: (bytes: Buffer | Objection) => void;
  readonly #collected = new GrowingBytes();

  constructor(
    body: BodySource,
    objection: (bytes: number) => Objection | undefined,
    done: (bytes: Buffer | Objection) => void,
  ) {
    this.#body = body;
    this.#objection = objection;
    this.#done = done;
  }

  data(bytes: Buffer): boolean {
    const objection = this.#objection(this.#collected.length + bytes.length);
    if (objection !== undefined) {
      this.#body.stop();
      this.#done(objection);
      return false;
    }
    this.#collected.add(bytes);
    return true;
  }

  end(): void {
    this.#done(this.#collected.bytes);
  }
}

const noBytes = Buffer.alloc(0);

/** A body that was read before, for whoever takes it now. Once it is taken, it holds nothing. */
export class ReadBody implements BodySource {
  readonly length: number | 'unknown';
  touched = false;
  readonly #held: HeldBody;
  #bytes: Buffer;
  #taker: BodyTaker | undefined;

  /** `length` as the client gave it, so that it is framed as it was. */
  constructor(bytes: Buffer, length: number | 'unknown', held: HeldBody) {
    this.#bytes = bytes;
    this.length = length;
    this.#held = held;
  }

  start(taker: BodyTaker): void {
    this.touched = true;
    this.#taker = taker;
    if (this.#bytes.length === 0 || taker.data(this.#bytes)) this.resume();
  }

  resume(): void {
    const taker = this.#taker;
    this.#taker = undefined;
    this.#bytes = noBytes;
    this.#held.giveUp();
    taker?.end();
  }

  stop(): void {
    this.#taker = undefined;
  }
}
