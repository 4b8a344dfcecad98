import { createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, Server as TlsServer } from 'node:tls';
import type { HttpsSettings } from '../config/config.ts';
import { Outbox } from '../wire/outbox.ts';
import { fieldLines, statusLine } from '../wire/message-writer.ts';
import type { Clock } from '../limits/clock.ts';
import type { BodyRooms } from './body-room.ts';
import { ClientConnection } from './client-connection.ts';
import { createTlsServer, identityOf } from './client-tls.ts';
import type { ClientWire } from './client-wire.ts';
import type { Answer, Exchange } from './exchange.ts';
import { LentCopies } from './lent-copies.ts';
import type { Refusal } from './refusal.ts';
import { defaultWireBounds, type WireBounds } from './wire-bounds.ts';

export interface ProxyOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Whether other threads listen on the same port; the system gives each connection to one of them. */
  readonly isShared?: boolean;
  /** For clients that speak TLS. */
  readonly https?: HttpsSettings | undefined;
  readonly handle: (exchange: Exchange) => void;
  /** Writes a refusal where there is no exchange, because the request's head can't be read. */
  readonly answerTo: (refusal: Refusal) => Answer;
  readonly clock: Clock;
  /** Monotonic ms with fractions, for durations. */
  readonly stopwatchMs: () => number;
  readonly bounds?: Partial<WireBounds>;
  /** Shared by the listeners of a thread. */
  readonly bodyRooms: BodyRooms;
}

/** A listening data plane. */
export interface Proxy {
  readonly port: number;
  /** What it gives, once called, has it prove itself by another certificate to those who connect from then on; throws when it can't. */
  renewal(https: HttpsSettings): () => void;
  /** Stops accepting, lets running requests end, and cuts what still runs after the deadline. */
  drain(deadlineMs: number): Promise<void>;
}

/** Listens; rejects when the port can't be had. */
export async function startProxy(options: ProxyOptions): Promise<Proxy> {
  const listener = new Listener(options);
  const port = await listener.listen(options);
  return {
    port,
    renewal: (https) => listener.renewal(https),
    drain: (deadlineMs) => listener.drain(deadlineMs),
  };
}

class Listener implements ClientWire {
  readonly bounds: WireBounds;
  readonly copies: LentCopies = new LentCopies();
  readonly outbox: Outbox;
  readonly bodyRooms: BodyRooms;
  readonly stopwatchMs: () => number;
  readonly begin: (exchange: Exchange) => void;
  draining = false;
  readonly #options: ProxyOptions;
  readonly #server: Server;
  readonly #connections = new Set<ClientConnection>();
  /** Sockets whose TLS handshake isn't over, by their other end. */
  readonly #handshakes = new Map<string, Socket>();
  readonly #date = { second: -1, text: '' };
  #cancelSweep = (): void => {};

  constructor(options: ProxyOptions) {
    this.bounds = { ...defaultWireBounds, ...options.bounds };
    this.outbox = new Outbox(options.clock);
    this.bodyRooms = options.bodyRooms;
    this.#options = options;
    this.stopwatchMs = options.stopwatchMs;
    this.begin = options.handle;
    const waits = { handshakeMsMax: this.bounds.headMsMax };
    this.#server =
      options.https === undefined
        ? createServer({ allowHalfOpen: true, noDelay: true }, this.#connection)
        : createTlsServer(options.https, waits, this.#connection);
    if (options.https !== undefined) this.#server.on('connection', this.#shaking);
    this.#server.maxConnections = this.bounds.connectionsMax;
  }

  get scheme(): 'http' | 'https' {
    return this.#options.https === undefined ? 'http' : 'https';
  }

  get date(): string {
    const nowMs = this.#options.clock.wallMs();
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#date.second)
      Object.assign(this.#date, { second, text: new Date(nowMs).toUTCString() });
    return this.#date.text;
  }

  answerUnread(refusal: Refusal): string {
    const { status, fields, body } = this.#options.answerTo(refusal);
    const own = ['Connection', 'close', 'Date', this.date];
    return `${statusLine(status)}${fieldLines(own)}${fieldLines(fields)}\r\n${body}`;
  }

  async listen({ host, port, isShared = false }: ProxyOptions): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    this.#server.once('error', reject);
    this.#server.listen({ host, port, reusePort: isShared }, () => {
      resolve(undefined);
    });
    await promise;
    this.#server.off('error', reject);
    // A connection that couldn't be accepted, for want of file descriptors, takes no other one along.
    this.#server.on('error', () => {});
    this.#sweepLater();
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening on a TCP port');
    return address.port;
  }

  renewal(https: HttpsSettings): () => void {
    if (asksClients(https) !== asksClients(this.#options.https))
      throw new Error('a listener can not change whether it asks clients for certificates');
    const identity = identityOf(https);
    createSecureContext(identity);
    return () => {
      if (this.#server instanceof TlsServer) this.#server.setSecureContext(identity);
    };
  }

  async drain(deadlineMs: number): Promise<void> {
    this.draining = true;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#server.close(() => {
      resolve(undefined);
    });
    const cancelDeadline = this.#options.clock.after(deadlineMs, () => {
      for (const connection of this.#connections) connection.destroy();
    });
    for (const socket of this.#handshakes.values()) socket.destroy();
    for (const connection of this.#connections) connection.drain();
    await promise;
    cancelDeadline();
    this.#cancelSweep();
  }

  readonly #shaking = (socket: Socket): void => {
    const end = otherEnd(socket);
    this.#handshakes.set(end, socket);
    socket.once('close', () => this.#handshakes.delete(end));
  };

  readonly #connection = (socket: Socket): void => {
    this.#handshakes.delete(otherEnd(socket));
    const connection = new ClientConnection(socket, this);
    this.#connections.add(connection);
    socket.once('close', () => this.#connections.delete(connection));
  };

  #sweepLater(): void {
    this.#cancelSweep = this.#options.clock.after(this.bounds.sweepEveryMs, () => {
      const nowMs = this.#options.clock.monotonicMs();
      for (const connection of this.#connections) connection.sweep(nowMs);
      this.#sweepLater();
    });
  }
}

function asksClients(https: HttpsSettings | undefined): 'no' | 'yes' | 'insists' {
  if (https === undefined || https.clientCertificates === 'none') return 'no';
  return https.clientCertificates.required ? 'insists' : 'yes';
}

function otherEnd({ remoteAddress = '', remotePort = 0 }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
