import { createServer, type Server, type Socket } from 'node:net';
import type { BackendReceiver } from '../../src/backends/backend-call.ts';
import type { BodySource, BodyTaker } from '../../src/wire/body-source.ts';
import type { Fields } from '../../src/wire/fields.ts';

/** A backend that speaks in bytes: what each connection brought, and `speak` to answer it. */
export class ScriptedBackend {
  readonly url: string;
  readonly connections: Arrival[];
  readonly #server: Server;

  /** `speak` is called with each connection whenever it brought something. */
  static async start(speak: (arrival: Arrival) => void = () => {}): Promise<ScriptedBackend> {
    const connections: Arrival[] = [];
    const server = createServer((socket) => {
      const arrival: Arrival = { socket, received: '', ended: false };
      connections.push(arrival);
      socket.on('error', () => {});
      socket.on('close', () => {
        arrival.ended = true;
      });
      socket.on('data', (bytes) => {
        arrival.received += bytes.toString('latin1');
        speak(arrival);
      });
    });
    await new Promise<void>((listening) => {
      server.listen(0, '127.0.0.1', listening);
    });
    return new ScriptedBackend(server, connections);
  }

  private constructor(server: Server, connections: Arrival[]) {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening on a TCP port');
    this.url = `http://127.0.0.1:${address.port}`;
    this.#server = server;
    this.connections = connections;
  }

  /** Heads of requests that all connections have brought, whether they were answered or not. */
  get requests(): number {
    return this.connections.reduce(
      (sum, { received }) => sum + (received.split(' HTTP/1.1\r\n').length - 1),
      0,
    );
  }

  close(): void {
    for (const { socket } of this.connections) socket.destroy();
    this.#server.close();
  }
}

interface Arrival {
  readonly socket: Socket;
  /** One character per byte. */
  received: string;
  ended: boolean;
}

/** Writes down what it is told. */
export class Told implements BackendReceiver {
  /** In order: heads as `200`, interim ones as `103?`, ends, failures; data not. */
  readonly events: string[] = [];
  readonly fields: Fields[] = [];
  body = '';
  takesMore = true;
  socket: Socket | undefined;
  onHead: () => void = () => {};

  get over(): boolean {
    return /^(?:end|switched|[a-z-]+!)/.test(this.events.at(-1) ?? '');
  }

  interim(status: number): void {
    this.events.push(`${status}?`);
  }

  head(status: number, fields: Fields): void {
    this.events.push(String(status));
    this.fields.push(fields);
    this.onHead();
  }

  data(bytes: Buffer): boolean {
    this.body += bytes.toString('latin1');
    return this.takesMore;
  }

  flush(): void {}

  end(trailers: Fields): void {
    this.events.push(trailers.length === 0 ? 'end' : `end ${trailers.join(' ')}`);
  }

  failed(failure: string): void {
    this.events.push(`${failure}!`);
  }

  switched(_: Fields, socket: Socket, first: Buffer): void {
    this.socket = socket;
    this.body = first.toString('latin1');
    this.events.push('switched');
  }
}

/** A request's body whose pieces are given at its start, and then one by one. */
export class ScriptedBody implements BodySource {
  readonly length: number | 'unknown';
  stopped = false;
  resumed = 0;
  takesMore = true;
  readonly #pieces: readonly string[];
  readonly #ends: boolean;
  #taker: BodyTaker | undefined;

  constructor(length: number | 'unknown', pieces: readonly string[], ends: 'ends' | 'goes on' = 'ends') {
    this.length = length;
    this.#pieces = pieces;
    this.#ends = ends === 'ends';
  }

  start(taker: BodyTaker): void {
    if (this.#taker !== undefined) throw new Error('started twice');
    this.#taker = taker;
    for (const piece of this.#pieces) this.give(piece);
    if (this.#ends) this.end();
  }

  give(piece: string): void {
    if (!this.stopped) this.takesMore = this.#taker?.data(Buffer.from(piece, 'latin1')) ?? true;
  }

  end(): void {
    if (!this.stopped) this.#taker?.end();
  }

  resume(): void {
    this.resumed += 1;
  }

  stop(): void {
    this.stopped = true;
  }
}
