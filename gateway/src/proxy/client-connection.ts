import type { Socket } from 'node:net';
import type { RequestHead } from '../wire/request-head.ts';
import { AnswerQueue } from './answer-queue.ts';
import type { BodyRooms } from './body-room.ts';
import { ClientExchange, type ExchangeConnection } from './client-exchange.ts';
import { ClientWatch, type ClientWait } from './client-wait.ts';
import { flaws, slowRequest, type ClientWire } from './client-wire.ts';
import type { Refusal } from './refusal.ts';
import type { RequestBody } from './request-body.ts';
import { RequestReader, type Follower, type RequestOwner } from './request-reader.ts';
import type { TunnelEnd } from './framed-tunnel.ts';

/** How many requests of one connection may be under way; the others aren't read yet. */
const pipelinedMax = 16;

/**
 * A client's connection: requests are read one after the other, and their answers leave in the same order. A client that ends
 * its side while it waits for an answer has left.
 */
export class ClientConnection implements ExchangeConnection, RequestOwner {
  readonly answers: AnswerQueue<ClientExchange>;
  readonly #socket: Socket;
  readonly #wire: ClientWire;
  readonly #peer: string;
  readonly #requests: RequestReader;
  /** Whose body is being read, as long as it is. */
  #bodied: ClientExchange | undefined;
  #paused = false;
  /** What a client is told at the end that sent what is no request. */
  #lastWords = '';
  /** Everything was said; only the client's leave is awaited. */
  #leaving = false;
  /** The socket has left HTTP. */
  #released = false;
  readonly #watch = new ClientWatch();

  constructor(socket: Socket, wire: ClientWire) {
    this.#socket = socket;
    this.#wire = wire;
    this.#peer = socket.remoteAddress ?? '';
    this.#requests = new RequestReader(this, wire.bounds);
    this.answers = new AnswerQueue(socket, wire, this.#answered);
    socket.on('data', this.#data);
    socket.on('drain', this.#drained);
    socket.on('end', this.#end);
    socket.on('error', ignore);
    socket.on('close', this.#close);
  }

  get ending(): boolean {
    return this.#wire.draining && this.answers.length <= 1;
  }

  get date(): string {
    return this.#wire.date;
  }

  get bodyRooms(): BodyRooms {
    return this.#wire.bodyRooms;
  }

  get hasRoom(): boolean {
    return this.answers.length < pipelinedMax;
  }

  /** Lets running answers end, and leaves then. */
  drain(): void {
    if (this.answers.length === 0) this.#leave();
  }

  destroy(): void {
    this.#requests.release();
    this.answers.send();
    this.#socket.destroy();
  }

  /** Lets go of the socket, whose bytes are HTTP no longer. */
  release(): TunnelEnd {
    this.#released = true;
    this.#socket.off('data', this.#data).off('drain', this.#drained).off('end', this.#end);
    return { socket: this.#socket, first: this.#requests.release() };
  }

  /** Breaks off what has stood still for too long. */
  sweep(nowMs: number): void {
    const wait = this.#wait();
    const progress = this.#progress(wait);
    if (this.#watch.standsStill(wait, progress, { nowMs, bounds: this.#wire.bounds })) this.#expire(wait);
  }

  begin(head: RequestHead, body: RequestBody | undefined): Follower {
    const { method, target, fields, bodyBytes, upgrade } = head;
    const flaw = head.flaw && flaws[head.flaw];
    const exchange = new ClientExchange({
      connection: this,
      head: { method, target, fields, bodyBytes, upgrade, scheme: this.#wire.scheme, peer: this.#peer, flaw },
      body,
      wire: head,
      startedAtMs: this.#wire.stopwatchMs(),
    });
    this.answers.push(exchange);
    if (body !== undefined) this.#bodied = exchange;
    this.#wire.begin(exchange);
    if (upgrade !== undefined && body === undefined) return 'tunnel';
    return exchange.closes || flaw !== undefined ? 'nothing' : 'request';
  }

  refuse(refusal: Refusal): void {
    this.#lastWords = this.#wire.answerUnread(refusal);
    if (this.answers.length === 0) this.#leave();
  }

  failBody(body: RequestBody, refusal: Refusal): void {
    if (this.#bodied?.body === body) this.#bodied.failBody(refusal);
  }

  giveUp(): void {
    this.destroy();
  }

  /** A connection that isn't read doesn't tell that its client has left. */
  pace(wanted: boolean): void {
    if (wanted !== this.#paused || this.#released) return;
    this.#paused = !wanted;
    if (wanted) this.#socket.resume();
    else this.#socket.pause();
  }

  readonly #data = (bytes: Buffer): void => {
    this.#requests.take(bytes);
  };

  readonly #drained = (): void => {
    this.answers.drained();
  };

  readonly #end = (): void => {
    if (this.answers.length > 0) this.destroy();
    else this.#leave();
  };

  readonly #close = (): void => {
    this.answers.abort();
  };

  readonly #answered = (exchange: ClientExchange): void => {
    if (exchange.closes || (this.#wire.draining && this.answers.length === 0)) {
      this.answers.abort();
      this.#leave();
    } else if (exchange.body?.complete === false) {
      exchange.body.discard(this.#wire.bounds.discardBytesMax);
    } else if (this.#lastWords !== '' && this.answers.length === 0) {
      this.#leave();
    } else {
      this.#requests.advance();
    }
  };

  /** Ends this side. The rest is read and thrown away: closing at once could take the last answer from the client. */
  #leave(): void {
    if (this.#leaving) return;
    this.#leaving = true;
    this.#requests.stop();
    this.answers.send();
    this.#socket.end(this.#lastWords, 'latin1');
    this.#requests.advance();
  }

  #wait(): ClientWait {
    // A backend that has left needs no long farewell.
    if (this.#released) return this.#socket.writableEnded ? 'leaving' : 'tunnel';
    if (this.#socket.writableLength > 0) return 'reading';
    if (this.#leaving) return 'leaving';
    if (this.#requests.body?.wanted === true) return 'body';
    if (this.#requests.awaitsHead) return 'head';
    return this.answers.length === 0 ? 'request' : 'nothing';
  }

  #progress(wait: ClientWait): number {
    const socket = this.#socket;
    if (this.#released) return socket.bytesRead + socket.bytesWritten - socket.writableLength;
    if (wait === 'reading') return socket.writableLength;
    return wait === 'body' ? (this.#requests.body?.bytes ?? 0) : this.#requests.requests;
  }

  #expire(wait: ClientWait): void {
    const { body, headBegun } = this.#requests;
    if (wait === 'body' && body !== undefined) {
      this.#requests.stop();
      this.failBody(body, slowRequest);
    } else if (wait === 'head' && headBegun) {
      this.#requests.stop();
      this.refuse(slowRequest);
    } else if (wait === 'request') this.#leave();
    else this.destroy();
  }
}

/** `close` follows, and ends what runs. */
function ignore(): void {}
