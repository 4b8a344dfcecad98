import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { BodySource } from '../wire/body-source.ts';
import type { Answer, Exchange, RequestHead } from './exchange.ts';
import type { Fields } from './fields.ts';
import { causes, type Refusal } from './refusal.ts';
import { RequestBody } from './request-body.ts';
import type { WireBounds } from './wire-bounds.ts';

/** What all exchanges of a server share. */
export interface Wire {
  readonly bounds: WireBounds;
  /** Monotonic ms with fractions, for durations. */
  readonly stopwatchMs: () => number;
  /** No connection is kept any longer. */
  readonly draining: boolean;
}

/** A client that stands still in the middle of its request. */
export const slowRequest: Refusal = { cause: causes.slowRequest, closes: true };

/** An exchange over node:http. */
export class NodeExchange implements Exchange {
  readonly head: RequestHead;
  readonly startedAtMs: number;
  readonly socket: Socket;
  status: number | undefined;
  over = false;
  bytesIn = 0;
  bytesOut = 0;
  onDrain: () => void = () => {};
  onBodyFailure: (refusal: Refusal) => void = () => {};
  onOver: (end: { readonly aborted: boolean }) => void = () => {};

  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #wire: Wire;
  #body: RequestBody | undefined;
  #discarding = false;
  #finished = false;
  #needsDrain = false;
  /** What the last sweep saw, to tell a client that is slow from one that stands still. */
  readonly #seen = { bytesIn: 0, bodyMovedAtMs: 0, bytesUnsent: 0, answerMovedAtMs: 0 };

  constructor(parts: {
    readonly request: IncomingMessage;
    readonly response: ServerResponse;
    readonly head: RequestHead;
    readonly wire: Wire;
  }) {
    const { request, response, head, wire } = parts;
    this.#request = request;
    this.#response = response;
    this.#wire = wire;
    this.head = head;
    this.socket = request.socket;
    this.startedAtMs = wire.stopwatchMs();
    response.on('close', this.#close);
  }

  /** Nothing more can come of it, not even the rest of an unwanted body. */
  get gone(): boolean {
    return this.over && (this.#request.complete || this.socket.destroyed);
  }

  /** Whether the request's body is still expected. */
  get receiving(): boolean {
    return !this.#request.complete;
  }

  openBody(): BodySource | undefined {
    const { bodyBytes } = this.head;
    if (bodyBytes === 0 || this.over) return undefined;
    this.#body = new RequestBody(this.#request, bodyBytes, (bytes) => {
      this.bytesIn += bytes;
    });
    // Other expectations were refused before; clients before HTTP/1.1 don't know interim answers.
    if (this.#request.headers.expect !== undefined && this.#knowsInterim) this.#response.writeContinue();
    return this.#body;
  }

  interim(status: number, fields: Fields): void {
    // Nodes before 26.2 can't send just any interim answer; clients lose nothing but a head start.
    if (
      this.over ||
      this.status !== undefined ||
      !this.#knowsInterim ||
      !('writeInformation' in this.#response)
    )
      return;
    this.#response.writeInformation(status, [...fields]);
  }

  answer({ status, fields, body, closes }: Answer): void {
    if (this.over) return;
    this.#writeHead(status, fields, closes);
    if (this.head.method !== 'HEAD') this.bytesOut += Buffer.byteLength(body);
    this.#end(body);
  }

  start(status: number, fields: Fields): void {
    if (this.over) return;
    this.#writeHead(status, fields, false);
  }

  flush(): void {
    // The head waits for the first piece of the body, to leave with it; but only if that is there already.
    const waits = this.status !== undefined && this.bytesOut === 0;
    if (waits && !this.#finished && !this.over) this.#response.flushHeaders();
  }

  write(bytes: Uint8Array): boolean {
    if (this.over) return true;
    this.bytesOut += bytes.length;
    if (this.#response.write(Buffer.from(bytes))) return true;
    this.#needsDrain = true;
    this.#response.once('drain', this.#drained);
    return false;
  }

  finish(trailers: Fields): void {
    if (this.over) return;
    if (trailers.length > 0) this.#response.addTrailers(pairs(trailers));
    this.#end();
  }

  cut(): void {
    this.socket.destroy();
  }

  /** Breaks off what has stood still for too long. */
  sweep(nowMs: number): void {
    if (this.socket.destroyed && !this.over) {
      // A pipelined request whose turn never came: older Nodes don't tell its response.
      this.#close();
      return;
    }
    this.#sweepBody(nowMs);
    this.#sweepAnswer(nowMs);
  }

  #sweepBody(nowMs: number): void {
    const seen = this.#seen;
    const awaitsClient = (this.#body?.wanting ?? false) || (this.#discarding && this.receiving);
    if (!awaitsClient || seen.bytesIn !== this.bytesIn || seen.bodyMovedAtMs === 0) {
      seen.bytesIn = this.bytesIn;
      seen.bodyMovedAtMs = nowMs;
    } else if (nowMs - seen.bodyMovedAtMs >= this.#wire.bounds.bodyIdleMsMax) {
      this.failBody(slowRequest);
    }
  }

  #sweepAnswer(nowMs: number): void {
    const seen = this.#seen;
    const bytesUnsent = this.socket.writableLength;
    // An answer whose turn has not come, behind another of its connection, has no socket yet.
    const awaitsClient = (this.#needsDrain || this.#finished) && this.#response.socket !== null && !this.over;
    if (!awaitsClient || seen.bytesUnsent !== bytesUnsent || seen.answerMovedAtMs === 0) {
      seen.bytesUnsent = bytesUnsent;
      seen.answerMovedAtMs = nowMs;
    } else if (nowMs - seen.answerMovedAtMs >= this.#wire.bounds.drainMsMax) {
      this.cut();
    }
  }

  /** The rest of the request's body won't come. */
  failBody(refusal: Refusal): void {
    if (this.over || this.status !== undefined) this.cut();
    else this.onBodyFailure(refusal);
  }

  get #knowsInterim(): boolean {
    return this.#request.httpVersionMinor >= 1;
  }

  #writeHead(status: number, fields: Fields, closes: boolean): void {
    if (closes || this.#wire.draining) this.#response.shouldKeepAlive = false;
    this.#response.writeHead(status, [...fields]);
    this.status = status;
  }

  #end(body = ''): void {
    this.#finished = true;
    this.#response.end(body);
    if (this.receiving) this.#discardBody();
  }

  /** Reads what is left of the body, up to a bound: closing at once could take the answer from a client that still sends. */
  #discardBody(): void {
    if (this.#discarding) return;
    this.#discarding = true;
    this.#body?.stop();
    const unwantedFrom = this.bytesIn;
    this.#request.on('data', (chunk: Buffer) => {
      this.bytesIn += chunk.length;
      if (this.bytesIn - unwantedFrom > this.#wire.bounds.discardBytesMax) this.socket.destroy();
    });
    this.#request.resume();
  }

  readonly #drained = (): void => {
    this.#needsDrain = false;
    this.onDrain();
  };

  readonly #close = (): void => {
    if (this.over) return;
    this.over = true;
    this.#needsDrain = false;
    this.#body?.stop();
    this.onOver({ aborted: !this.#response.writableFinished });
  };
}

function pairs(fields: Fields): [string, string][] {
  const all: [string, string][] = [];
  for (let at = 0; at < fields.length; at += 2) all.push([fields[at] ?? '', fields[at + 1] ?? '']);
  return all;
}
