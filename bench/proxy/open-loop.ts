/*
 * Clients at a fixed rate. Each request has a planned time, and its wait counts from there, whether or not a connection was
 * free then: what a stalled server keeps from being asked is part of what it is measured by (coordinated omission). Each message
 * is one RateOrder, each answer one Seen.
 */
import { connect, type Socket } from 'node:net';
import type { Seen } from './wrk.ts';

export interface RateOrder {
  readonly port: number;
  /** The bytes of one request. */
  readonly request: string;
  readonly connections: number;
  readonly perSecond: number;
  readonly durationMs: number;
}

const headEnd = '\r\n\r\n';
const answerMsMax = 10_000;
/** Waits of the first requests aren't told: the server was idle before, and isn't at its pace. */
const settlingMs = 500;

interface End {
  readonly finished: (seen: Seen) => void;
  readonly failed: (reason: Error) => void;
}

class OpenLoop {
  readonly #order: RateOrder;
  readonly #waitsMs: Float64Array;
  readonly #sockets: Socket[] = [];
  readonly #free: Client[] = [];
  readonly #end: End;
  readonly #startMs: number = performance.now();
  /** Requests up to this one have been sent. */
  #sent = 0;
  #answered = 0;
  /** Of those answered, whose waits are told. */
  #told = 0;
  #faults = 0;

  constructor(order: RateOrder, end: End) {
    this.#order = order;
    this.#end = end;
    this.#waitsMs = new Float64Array(Math.floor((order.perSecond * order.durationMs) / 1000));
    for (let left = order.connections; left > 0; left -= 1) this.#connect();
    this.#turn();
  }

  /** Sends what is due. Spins: a timer would be late by more than an answer takes. */
  readonly #turn = (): void => {
    if (this.#answered === this.#waitsMs.length) return this.#finish();
    const passedMs = performance.now() - this.#startMs;
    if (passedMs > this.#order.durationMs + answerMsMax) return this.#fail(new Error('answers are missing'));
    const due = Math.min(this.#waitsMs.length, Math.floor((passedMs * this.#order.perSecond) / 1000));
    while (this.#sent < due) {
      const client = this.#free.pop();
      if (client === undefined) break;
      client.send(this.#order.request, this.#plannedMs(this.#sent));
      this.#sent += 1;
    }
    setImmediate(this.#turn);
  };

  #plannedMs(request: number): number {
    return this.#startMs + (request * 1000) / this.#order.perSecond;
  }

  #connect(): void {
    const socket = connect(this.#order.port, '127.0.0.1');
    const client = new Client(socket, (plannedMs, status) => {
      if (status !== '200') this.#faults += 1;
      this.#answered += 1;
      if (plannedMs >= this.#startMs + settlingMs) {
        this.#waitsMs[this.#told] = performance.now() - plannedMs;
        this.#told += 1;
      }
      this.#free.push(client);
    });
    socket.setNoDelay(true).once('connect', () => this.#free.push(client));
    socket.once('error', (error) => this.#fail(error));
    socket.once('end', () => this.#fail(new Error('a connection was closed')));
    this.#sockets.push(socket);
  }

  #finish(): void {
    const sorted = this.#waitsMs.subarray(0, this.#told).sort();
    const at = (part: number): number => sorted[Math.floor(part * sorted.length)] ?? NaN;
    const seconds = (performance.now() - this.#startMs) / 1000;
    this.#close();
    this.#end.finished({
      requests: this.#answered,
      faults: this.#faults,
      seconds,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
    });
  }

  #fail(reason: Error): void {
    this.#close();
    this.#end.failed(reason);
  }

  #close(): void {
    for (const socket of this.#sockets) socket.removeAllListeners('end').destroy();
  }
}

/** One connection, with one request at a time. */
class Client {
  readonly #socket: Socket;
  #plannedMs = 0;
  #rest = '';

  constructor(socket: Socket, answered: (plannedMs: number, status: string) => void) {
    this.#socket = socket;
    socket.setEncoding('latin1').on('data', (text: string) => {
      this.#rest += text;
      const bodyAt = this.#rest.indexOf(headEnd) + headEnd.length;
      if (bodyAt < headEnd.length) return;
      const bytes = Number(/\r\ncontent-length: *(\d+)/i.exec(this.#rest)?.[1] ?? 0);
      if (this.#rest.length < bodyAt + bytes) return;
      const status = this.#rest.slice(9, 12);
      this.#rest = '';
      answered(this.#plannedMs, status);
    });
  }

  send(request: string, plannedMs: number): void {
    this.#plannedMs = plannedMs;
    this.#socket.write(request);
  }
}

process.on('message', (order: RateOrder) => {
  const run = new Promise<Seen>((finished, failed) => {
    void new OpenLoop(order, { finished, failed });
  });
  run.then(
    (seen) => process.send?.(seen),
    (reason: Error) => {
      throw reason;
    },
  );
});
process.once('disconnect', () => process.exit());
