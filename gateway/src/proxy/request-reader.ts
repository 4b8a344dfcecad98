import { BodyReader } from '../wire/body-reader.ts';
import { HeadCollector } from '../wire/head-collector.ts';
import { readRequestHead, type RequestHead } from '../wire/request-head.ts';
import { largeHead, malformed } from './client-wire.ts';
import type { Refusal } from './refusal.ts';
import { RequestBody, type BodyFeed } from './request-body.ts';
import type { WireBounds } from './wire-bounds.ts';

/** What stands behind a request: another one, nothing, or what waits for the answer to be the start of a tunnel or nothing. */
export type Follower = 'request' | 'nothing' | 'tunnel';

/** Whose requests are read. */
export interface RequestOwner {
  /** Whether another request may begin. */
  readonly hasRoom: boolean;
  /** A request's head is there; gives what may follow it. */
  begin(head: RequestHead, body: RequestBody | undefined): Follower;
  /** What came is no request, so nothing behind it can be one. */
  refuse(refusal: Refusal): void;
  /** The rest of the body being read won't come, and nothing behind it can be read. */
  failBody(body: RequestBody, refusal: Refusal): void;
  /** More came of what nobody wants than is worth a kept connection. */
  giveUp(): void;
  /** Whether more bytes are wanted. */
  pace(wanted: boolean): void;
}

const noBytes: Buffer = Buffer.alloc(0);

/** Makes requests of a connection's bytes, one after the other, no faster than their owner and the bodies' takers want them. */
export class RequestReader implements BodyFeed {
  /** How many heads were read. */
  requests = 0;
  /** The body being read. */
  body: RequestBody | undefined;
  readonly #owner: RequestOwner;
  readonly #bounds: WireBounds;
  readonly #heads: HeadCollector;
  /** Bytes that nobody has taken yet, from `#at` on. */
  #bytes: Buffer = noBytes;
  #at = 0;
  #advancing = false;
  /** No further request is read; what comes all the same is thrown away, up to a bound. */
  #stopped = false;
  /** What comes is kept for whoever gets the connection, or for nobody; as it could be anything, nobody looks at it. */
  #keeps = false;
  #unwantedBytes = 0;

  constructor(owner: RequestOwner, bounds: WireBounds) {
    this.#owner = owner;
    this.#bounds = bounds;
    this.#heads = new HeadCollector(bounds.headBytesMax);
  }

  /** Whether a head is still to come that has begun, or that a new connection owes. */
  get awaitsHead(): boolean {
    return !this.#stopped && (this.#heads.begun || this.requests === 0);
  }

  get headBegun(): boolean {
    return this.#heads.begun;
  }

  /** Takes what came; what came before was taken, or reading would have paused. */
  take(bytes: Buffer): void {
    this.#bytes = bytes;
    this.#at = 0;
    this.advance();
  }

  /** Goes on with what is there. */
  advance(): void {
    if (this.#advancing) return;
    this.#advancing = true;
    while (this.#at < this.#bytes.length && this.#step());
    this.#advancing = false;
    if (this.#at >= this.#bytes.length) this.#bytes = noBytes;
    this.#owner.pace(this.#wantsMore);
  }

  feedBody(): void {
    while (this.#at < this.#bytes.length && this.#takeBody());
    this.advance();
  }

  /** Nothing is read any more but to be thrown away. */
  stop(): void {
    this.#stopped = true;
    this.#keeps = false;
    this.body = undefined;
  }

  /** Leaves the connection to somebody else, with what came and nobody took. */
  release(): Buffer {
    this.stop();
    const rest = this.#bytes.subarray(this.#at);
    this.#bytes = noBytes;
    return rest;
  }

  get #wantsMore(): boolean {
    if (this.body !== undefined) return this.body.wanted;
    if (this.#keeps) return this.#bytes.length === 0;
    return this.#stopped || this.#owner.hasRoom;
  }

  /** Takes what stands next among the bytes; false when it has to wait. */
  #step(): boolean {
    if (this.body !== undefined) return this.#takeBody();
    if (this.#keeps) return false;
    if (this.#stopped) return this.#dropRest();
    return this.#owner.hasRoom && this.#takeHead();
  }

  #takeHead(): boolean {
    const found = this.#heads.find(this.#bytes, this.#at);
    if (found === 'incomplete') this.#at = this.#bytes.length;
    else if (typeof found === 'string') this.#refuse(found === 'too-large' ? largeHead : malformed);
    else {
      this.#at = found.end;
      const head = readRequestHead(found.text, this.#bounds);
      if (head === undefined) this.#refuse(malformed);
      else this.#begin(head);
    }
    return true;
  }

  #begin(head: RequestHead): void {
    this.requests += 1;
    if (head.bodyBytes !== 0) {
      const reader = new BodyReader(head.bodyBytes === 'unknown' ? 'chunked' : head.bodyBytes, this.#bounds);
      this.body = new RequestBody(head.bodyBytes, reader, this);
    }
    const follower = this.#owner.begin(head, this.body);
    if (follower === 'nothing') this.#stopped = true;
    this.#keeps = follower === 'tunnel' && !this.#stopped;
  }

  #refuse(refusal: Refusal): void {
    this.stop();
    this.#owner.refuse(refusal);
  }

  #takeBody(): boolean {
    const { body } = this;
    if (body?.wanted !== true) return false;
    const end = body.take(this.#bytes, this.#at);
    if (end === 'too-much') this.#owner.giveUp();
    else if (end === 'flawed') {
      this.stop();
      this.#owner.failBody(body, malformed);
    } else {
      this.#at = end;
      if (body.complete) this.body = undefined;
    }
    return true;
  }

  #dropRest(): boolean {
    this.#unwantedBytes += this.#bytes.length - this.#at;
    this.#at = this.#bytes.length;
    if (this.#unwantedBytes > this.#bounds.discardBytesMax) this.#owner.giveUp();
    return true;
  }
}
