import {
  createServer,
  STATUS_CODES,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../limits/clock.ts';
import type { Answer, Exchange, RequestHead } from './exchange.ts';
import { NodeExchange, slowRequest, type Wire } from './node-exchange.ts';
import { causes, type Refusal } from './refusal.ts';
import { defaultWireBounds, type WireBounds } from './wire-bounds.ts';

export interface ProxyOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly handle: (exchange: Exchange) => void;
  /** Writes a refusal where there is no exchange, because the request's head can't be read. */
  readonly answerTo: (refusal: Refusal) => Answer;
  readonly clock: Clock;
  /** Monotonic ms with fractions, for durations. */
  readonly stopwatchMs: () => number;
  readonly bounds?: Partial<WireBounds>;
}

/** A listening data plane. */
export interface Proxy {
  readonly port: number;
  /** Stops accepting, lets running requests end, and cuts what still runs after the deadline. */
  drain(deadlineMs: number): Promise<void>;
}

/** Listens; rejects when the port can't be had. */
export async function startProxy(options: ProxyOptions): Promise<Proxy> {
  const listener = new Listener(options);
  const port = await listener.listen(options.host, options.port);
  return { port, drain: (deadlineMs) => listener.drain(deadlineMs) };
}

const malformed: Refusal = { cause: causes.malformed, closes: true };
const largeHead: Refusal = { cause: causes.largeHead, closes: true };
const unsupported: Refusal = { cause: causes.unsupported, closes: true };
const unknownExpectation: Refusal = { cause: causes.unknownExpectation, closes: true };

/** How often a draining listener looks for connections that have nothing more to do. */
const drainLookEveryMs = 20;

class Listener implements Wire {
  readonly bounds: WireBounds;
  readonly stopwatchMs: () => number;
  draining = false;
  readonly #options: ProxyOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #exchanges = new Set<NodeExchange>();
  #cancelSweep = (): void => {};

  constructor(options: ProxyOptions) {
    this.bounds = { ...defaultWireBounds, ...options.bounds };
    this.#options = options;
    this.stopwatchMs = options.stopwatchMs;
    this.#server = createServer({
      maxHeaderSize: this.bounds.headBytesMax,
      headersTimeout: this.bounds.headMsMax,
      requestTimeout: 0,
      keepAliveTimeout: this.bounds.idleMsMax,
      connectionsCheckingInterval: this.bounds.sweepEveryMs,
      // Without it node would answer on its own, in its own words.
      requireHostHeader: false,
      optimizeEmptyRequests: true,
    });
    this.#server.maxConnections = this.bounds.connectionsMax;
    // Above its maximum node drops fields without a word; here all are seen, and counted.
    this.#server.maxHeadersCount = 0;
    this.#server.on('connection', this.#connection);
    this.#server.on('request', this.#request);
    this.#server.on('checkContinue', this.#request);
    this.#server.on('checkExpectation', (request, response) => {
      this.#begin(request, response, unknownExpectation);
    });
    this.#server.on('clientError', this.#clientError);
    this.#server.on('connect', ({ socket }) => {
      // Node has taken its own listeners off, so that an error of this socket would end the process.
      socket.on('error', () => {});
      this.#refuseUnread(socket, unsupported);
    });
  }

  async listen(host: string, port: number): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    this.#server.once('error', reject);
    this.#server.listen({ host, port }, () => {
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

  async drain(deadlineMs: number): Promise<void> {
    this.draining = true;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#server.close(() => {
      resolve(undefined);
    });
    const cancelDeadline = this.#options.clock.after(deadlineMs, () => {
      for (const socket of this.#sockets) socket.destroy();
    });
    this.#closeIdle();
    await promise;
    cancelDeadline();
    this.#cancelSweep();
  }

  /** Closes connections without a running request, again and again: the others become idle one by one. */
  #closeIdle(): void {
    const running = [...this.#exchanges].filter(({ gone }) => !gone);
    const busy = new Set(running.map(({ socket }) => socket));
    for (const socket of this.#sockets) {
      if (!busy.has(socket)) socket.destroySoon();
    }
    if (this.#sockets.size === 0) return;
    this.#options.clock.after(drainLookEveryMs, () => {
      this.#closeIdle();
    });
  }

  readonly #connection = (socket: Socket): void => {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  };

  readonly #request = (request: IncomingMessage, response: ServerResponse): void => {
    this.#begin(request, response, this.#flaw(request));
  };

  #begin(request: IncomingMessage, response: ServerResponse, flaw: Refusal | undefined): void {
    const exchange = new NodeExchange({ request, response, head: headOf(request, flaw), wire: this });
    this.#exchanges.add(exchange);
    response.once('close', () => {
      if (exchange.gone) this.#exchanges.delete(exchange);
    });
    this.#options.handle(exchange);
  }

  /** Why this wire can't take the request any further. */
  #flaw({ rawHeaders, headers }: IncomingMessage): Refusal | undefined {
    if (rawHeaders.length / 2 > this.bounds.fieldsMax) return largeHead;
    if (headers.upgrade !== undefined && /\bupgrade\b/i.test(headers.connection ?? '')) return unsupported;
    const coding = headers['transfer-encoding'];
    if (coding !== undefined && coding.toLowerCase() !== 'chunked') return unsupported;
    return undefined;
  }

  /** What node's parser couldn't read, or didn't get in time. Errors of the socket itself have no reader to be told. */
  readonly #clientError = (error: NodeJS.ErrnoException, socket: Socket): void => {
    const refusal = refusalOf(error.code ?? '');
    if (refusal === undefined) socket.destroy();
    else this.#refuseUnread(socket, refusal);
  };

  /** Ends a connection on which no further request can be read, with an answer where one is due next. */
  #refuseUnread(socket: Socket, refusal: Refusal): void {
    const running = [...this.#exchanges].filter((exchange) => exchange.socket === socket && !exchange.gone);
    const [first] = running;
    if (socket.writable && first === undefined) {
      socket.end(this.#bytesOf(refusal));
      // For a client that doesn't hang up itself.
      this.#options.clock.after(this.bounds.sweepEveryMs, () => {
        socket.destroy();
      });
    } else if (socket.writable && first?.receiving === true && running.length === 1) {
      first.failBody(refusal);
    } else {
      socket.destroy();
    }
  }

  #bytesOf(refusal: Refusal): string {
    const { status, fields, body } = this.#options.answerTo(refusal);
    const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}`, 'Connection: close'];
    for (let at = 0; at < fields.length; at += 2) lines.push(`${fields[at]}: ${fields[at + 1]}`);
    return `${lines.join('\r\n')}\r\n\r\n${body}`;
  }

  #sweepLater(): void {
    this.#cancelSweep = this.#options.clock.after(this.bounds.sweepEveryMs, () => {
      const nowMs = this.#options.clock.monotonicMs();
      for (const exchange of this.#exchanges) {
        exchange.sweep(nowMs);
        if (exchange.gone) this.#exchanges.delete(exchange);
      }
      this.#sweepLater();
    });
  }
}

function headOf(request: IncomingMessage, flaw: Refusal | undefined): RequestHead {
  const { headers } = request;
  const inChunks = headers['transfer-encoding'] !== undefined;
  return {
    method: request.method ?? '',
    target: request.url ?? '',
    fields: request.rawHeaders,
    bodyBytes: inChunks ? 'unknown' : Number(headers['content-length'] ?? 0),
    peer: request.socket.remoteAddress ?? '',
    flaw,
  };
}

function refusalOf(code: string): Refusal | undefined {
  if (code === 'HPE_HEADER_OVERFLOW') return largeHead;
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return slowRequest;
  // The connection ended in the middle of a request: its client has gone.
  if (code === 'HPE_INVALID_EOF_STATE') return undefined;
  return code.startsWith('HPE_') ? malformed : undefined;
}
