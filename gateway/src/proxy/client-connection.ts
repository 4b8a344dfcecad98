import type { Socket } from 'node:net';
import { BodyReader } from '../wire/body-reader.ts';
import { HeadCollector } from '../wire/head-collector.ts';
import { readRequestHead, type RequestHead } from '../wire/request-head.ts';
import { AnswerQueue } from './answer-queue.ts';
import { ClientExchange } from './client-exchange.ts';
import { ClientWatch, type ClientWait } from './client-wait.ts';
import { flaws, largeHead, malformed, slowRequest, type ClientWire } from './client-wire.ts';
import type { Refusal } from './refusal.ts';
import { RequestBody, type BodyFeed } from './request-body.ts';

const noBytes: Buffer = Buffer.alloc(0);

/** How many requests of one connection may be under way; the others aren't read yet. */
const pipelinedMax = 16;

/**
 * A client's connection: reads requests one after the other, and lets their answers leave in the same order. It reads no
 * further than answers keep up, and no body faster than its taker. A client that ends its side while it waits has left.
 */
export class ClientConnection implements BodyFeed {
  readonly answers: AnswerQueue<ClientExchange>;
  readonly #socket: Socket;
  readonly #wire: ClientWire;
  readonly #peer: string;
  readonly #heads: HeadCollector;
  /** Whose body is being read. */
  #reading: ClientExchange | undefined;
  /** Bytes that nobody has taken yet, from `#at` on. */
  #bytes: Buffer = noBytes;
  #at = 0;
  #advancing = false;
  #paused = false;
  /** No further request is read; what comes all the same is thrown away, up to a bound. */
  #last = false;
  #unwantedBytes = 0;
  /** What a client is told at the end that sent what is no request. */
  #lastWords = '';
  /** Everything was said; only the client's leave is awaited. */
  #leaving = false;
  #requests = 0;
  readonly #watch = new ClientWatch();

  constructor(socket: Socket, wire: ClientWire) {
    this.#socket = socket;
    this.#wire = wire;
    this.#peer = socket.remoteAddress ?? '';
    this.#heads = new HeadCollector(wire.bounds.headBytesMax);
    this.answers = new AnswerQueue(socket, this.#answered);
    socket.on('data', this.#data);
    socket.on('drain', () => {
      this.answers.drained();
    });
    socket.on('end', this.#end);
    socket.on('error', () => {
      // `close` follows, and ends what runs.
    });
    socket.on('close', () => {
      this.answers.abort();
    });
  }

  /** No connection is kept any longer, so that one ends with its last answer. */
  get ending(): boolean {
    return this.#wire.draining && this.answers.length <= 1;
  }

  get date(): string {
    return this.#wire.date;
  }

  /** Lets running answers end, and leaves then. */
  drain(): void {
    if (this.answers.length === 0) this.#leave();
  }

  destroy(): void {
    this.#bytes = noBytes;
    this.#last = true;
    this.#reading = undefined;
    this.#socket.destroy();
  }

  feedBody(): void {
    while (this.#at < this.#bytes.length && this.#takeBody());
    this.#advance();
  }

  /** Breaks off what has stood still for too long. */
  sweep(nowMs: number): void {
    const wait = this.#wait();
    const progress = this.#progress(wait);
    if (this.#watch.standsStill(wait, progress, { nowMs, bounds: this.#wire.bounds })) this.#expire(wait);
  }

  readonly #data = (bytes: Buffer): void => {
    this.#bytes = bytes;
    this.#at = 0;
    this.#advance();
  };

  readonly #end = (): void => {
    if (this.answers.length > 0) this.destroy();
    else this.#leave();
  };

  #advance(): void {
    if (this.#advancing) return;
    this.#advancing = true;
    while (this.#at < this.#bytes.length && this.#step());
    this.#advancing = false;
    if (this.#at >= this.#bytes.length) this.#bytes = noBytes;
    this.#pace();
  }

  /** Takes what stands next among the bytes; false when it has to wait. */
  #step(): boolean {
    if (this.#reading !== undefined) return this.#takeBody();
    if (this.#last) return this.#dropRest();
    return this.answers.length < pipelinedMax && this.#takeHead();
  }

  /** Reads on only what somebody waits for. A connection that isn't read doesn't tell that the client has left. */
  #pace(): void {
    const { body } = this.#reading ?? {};
    const wanted = body === undefined ? this.#last || this.answers.length < pipelinedMax : body.wanted;
    if (wanted !== this.#paused) return;
    this.#paused = !wanted;
    if (wanted) this.#socket.resume();
    else this.#socket.pause();
  }

  #takeHead(): boolean {
    const found = this.#heads.find(this.#bytes, this.#at);
    if (found === 'incomplete') this.#at = this.#bytes.length;
    else if (typeof found === 'string') this.#refuse(found === 'too-large' ? largeHead : malformed);
    else {
      const head = readRequestHead(found.text, this.#wire.bounds);
      if (head === undefined) this.#refuse(malformed);
      else {
        this.#at = found.end;
        this.#begin(head);
      }
    }
    return true;
  }

  #begin(head: RequestHead): void {
    const { method, target, fields, bodyBytes, upgrade } = head;
    const flaw = upgrade === undefined ? head.flaw : 'unsupported';
    const body = bodyBytes === 0 ? undefined : this.#bodyOf(bodyBytes);
    const refusal = flaw && flaws[flaw];
    const exchange = new ClientExchange({
      connection: this,
      head: { method, target, fields, bodyBytes, peer: this.#peer, flaw: refusal },
      body,
      wire: head,
      startedAtMs: this.#wire.stopwatchMs(),
    });
    this.#requests += 1;
    this.answers.push(exchange);
    if (body !== undefined) this.#reading = exchange;
    if (!head.keepsAlive || flaw !== undefined) this.#last = true;
    this.#wire.begin(exchange);
  }

  #bodyOf(bytes: number | 'unknown'): RequestBody {
    const reader = new BodyReader(bytes === 'unknown' ? 'chunked' : bytes, this.#wire.bounds);
    return new RequestBody(bytes, reader, this);
  }

  #takeBody(): boolean {
    const exchange = this.#reading;
    if (exchange?.body?.wanted !== true) return false;
    const end = exchange.body.take(this.#bytes, this.#at);
    if (end === 'too-much') this.destroy();
    else if (end === 'flawed') {
      this.#failBody(exchange, malformed);
    } else {
      this.#at = end;
      if (exchange.body.complete) this.#reading = undefined;
    }
    return true;
  }

  /** The rest of the body won't come, and nothing behind it can be read. */
  #failBody(exchange: ClientExchange, refusal: Refusal): void {
    this.#reading = undefined;
    this.#last = true;
    exchange.failBody(refusal);
  }

  #dropRest(): boolean {
    this.#unwantedBytes += this.#bytes.length - this.#at;
    this.#at = this.#bytes.length;
    if (this.#unwantedBytes > this.#wire.bounds.discardBytesMax) this.destroy();
    return true;
  }

  /** What came is no request, so nothing behind it can be one. */
  #refuse(refusal: Refusal): void {
    this.#last = true;
    this.#lastWords = this.#wire.answerUnread(refusal);
    if (this.answers.length === 0) this.#leave();
  }

  readonly #answered = (exchange: ClientExchange): void => {
    if (exchange.closes || (this.#wire.draining && this.answers.length === 0)) {
      this.answers.abort();
      this.#leave();
    } else if (exchange.body?.complete === false) {
      exchange.body.discard(this.#wire.bounds.discardBytesMax);
    } else if (this.#lastWords !== '' && this.answers.length === 0) {
      this.#leave();
    } else if (this.#bytes.length > 0 || this.#paused) {
      this.#advance();
    }
  };

  /** Ends this side. The rest is read and thrown away: closing at once could take the last answer from the client. */
  #leave(): void {
    if (this.#leaving) return;
    this.#leaving = true;
    this.#last = true;
    this.#reading = undefined;
    this.#socket.end(this.#lastWords, 'latin1');
    this.#advance();
  }

  #wait(): ClientWait {
    if (this.#socket.writableLength > 0) return 'reading';
    if (this.#leaving) return 'leaving';
    if (this.#reading?.body?.wanted === true) return 'body';
    if (!this.#last && (this.#heads.begun || this.#requests === 0)) return 'head';
    return this.answers.length === 0 ? 'request' : 'nothing';
  }

  #progress(wait: ClientWait): number {
    if (wait === 'reading') return this.#socket.writableLength;
    return wait === 'body' ? (this.#reading?.bytesIn ?? 0) : this.#requests;
  }

  #expire(wait: ClientWait): void {
    if (wait === 'head' && this.#heads.begun) this.#refuse(slowRequest);
    else if (wait === 'body' && this.#reading !== undefined) this.#failBody(this.#reading, slowRequest);
    else if (wait === 'request') this.#leave();
    else this.destroy();
  }
}
