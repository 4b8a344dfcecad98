import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { Backends } from '../../src/backends/backends.ts';
import { defaultBackendSettings } from '../../src/config/backends-table.ts';
import type { BackendBounds, BackendTls, HttpsSettings } from '../../src/config/config.ts';
import type { Verdict } from '../../src/limiter/verdict.ts';
import type { Charge } from '../../src/policy/plan.ts';
import { TokenShelf } from '../../src/identity/token-shelf.ts';
import { bodyRooms, type BodyRooms } from '../../src/proxy/body-room.ts';
import { answerUnread, handle, type DataPlane } from '../../src/proxy/handle.ts';
import type { ExchangeRecord } from '../../src/proxy/observe.ts';
import { startProxy, type Proxy } from '../../src/proxy/server.ts';
import { compileServing, type ServedConfig, type Serving } from '../../src/proxy/serving.ts';
import type { WireBounds } from '../../src/proxy/wire-bounds.ts';
import { stopwatchMs, systemClock } from '../../src/system-clock.ts';
import type { Hub } from '../../src/websub/hub.ts';
import { backendAt, operationOf, sampleApi, sampleApplication, sampleConfig } from './sample.ts';

/** A real gateway before a real backend, both on free ports of this machine; only the limiter is a stand-in. */
export class RunningGateway {
  readonly port: number;
  readonly records: ExchangeRecord[] = [];
  /** Exchanges that began; each should leave one record. */
  begun = 0;
  readonly bugs: unknown[] = [];
  /** How often it was looked up which configuration is in force. */
  looks = 0;
  readonly backend: Server;
  /** Requests the backend has seen the head of. */
  readonly seen: IncomingMessage[] = [];
  decide: (charges: readonly Charge[]) => Verdict | Promise<Verdict> = admitAll;
  readonly #proxy: Proxy;
  readonly #backends: Backends;
  readonly #sockets = new Set<Socket>();

  static async start(setup: GatewaySetup = {}): Promise<RunningGateway> {
    const answer: { listener: RequestListener } = { listener: setup.backend ?? echo };
    const backend = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      answer.listener(request, response);
    });
    const backendPort = await listen(backend);
    const backends = new Backends(systemClock, {
      tls: setup.backendTls ?? defaultBackendSettings.tls,
      bounds: { ...defaultBackendSettings.bounds, ...setup.backendBounds },
    });
    const config = setup.config?.(`http://127.0.0.1:${backendPort}/v1`) ?? everythingTo(backendPort);
    const tokens = new TokenShelf(systemClock);
    const compile = (changed: ServedConfig): Serving => compileServing(changed, backends, tokens);
    const inForce = { serving: compile(config) };
    const self: { gateway?: RunningGateway } = {};
    const gatewayOf = (): RunningGateway => self.gateway!;
    const plane: DataPlane = {
      serving: () => {
        gatewayOf().looks += 1;
        return inForce.serving;
      },
      admission: { admit: (charges) => gatewayOf().decide(charges), settle: () => {} },
      clock: systemClock,
      stopwatchMs,
      recorders: [{ record: (record) => gatewayOf().records.push(record) }],
      ...(setup.hub && { hub: () => setup.hub }),
      reportBug: (error) => gatewayOf().bugs.push(error),
    };
    const proxy = await startProxy({
      host: '127.0.0.1',
      port: 0,
      clock: systemClock,
      stopwatchMs,
      bounds: { sweepEveryMs: 20, ...setup.bounds },
      bodyRooms: setup.bodyRooms ?? bodyRooms(),
      ...(setup.https && { https: setup.https }),
      handle: (exchange) => {
        gatewayOf().begun += 1;
        handle(exchange, plane);
      },
      answerTo: (refusal) => answerUnread(refusal, plane),
    });
    self.gateway = new RunningGateway(proxy, backend, backends);
    self.gateway.goBy = (changed) => {
      inForce.serving = compile(changed);
      return inForce.serving;
    };
    return self.gateway;
  }

  /** Has it go by another configuration from now on, which it gives as compiled. */
  goBy!: (config: ServedConfig) => Serving;

  private constructor(proxy: Proxy, backend: Server, backends: Backends) {
    this.port = proxy.port;
    this.#proxy = proxy;
    this.backend = backend;
    this.#backends = backends;
    backend.prependListener('request', (request) => this.seen.push(request));
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  drain(deadlineMs: number): Promise<void> {
    return this.#proxy.drain(deadlineMs);
  }

  renew(https: HttpsSettings): void {
    this.#proxy.renewal(https)();
  }

  /** The same over TLS. */
  connectTls(options: ConnectionOptions): RawClient {
    const client = new RawClient(connectTls({ port: this.port, host: '127.0.0.1', ...options }));
    this.#sockets.add(client.socket);
    return client;
  }

  /** A bare connection, to send any bytes. */
  connect(): RawClient {
    const client = new RawClient(connect(this.port, '127.0.0.1'));
    this.#sockets.add(client.socket);
    return client;
  }

  /** Fails when something happened that should not. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await this.#proxy.drain(0);
    this.#backends.close();
    this.backend.closeAllConnections();
    await new Promise((closed) => {
      this.backend.close(closed);
    });
    if (this.bugs.length > 0) throw new AggregateError(this.bugs, 'the gateway reported bugs');
  }
}

export interface GatewaySetup {
  /** What the backend does; by default it tells the request back. */
  readonly backend?: RequestListener;
  /** By default every path and method of /orders/1.0.0 is open. */
  readonly config?: (backendUrl: string) => ServedConfig;
  readonly bounds?: Partial<WireBounds>;
  readonly bodyRooms?: BodyRooms;
  /** Of APIs of type WEBSUB. */
  readonly hub?: Hub;
  readonly backendBounds?: Partial<BackendBounds>;
  readonly backendTls?: BackendTls;
  readonly https?: HttpsSettings;
}

/** A client that speaks in bytes. */
export class RawClient {
  readonly socket: Socket;
  /** Everything received so far, one character per byte. */
  received = '';
  ended = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.received += text;
    });
    socket.on('close', () => {
      this.ended = true;
    });
    socket.on('error', () => {});
  }

  send(...lines: readonly string[]): this {
    this.socket.write(lines.join('\r\n'), 'latin1');
    return this;
  }

  /** Sends a request's head; without a Host line it gets one. */
  request(line: string, ...fields: readonly string[]): this {
    const hosted = fields.some((field) => /^host:/i.test(field))
      ? fields
      : ['Host: gateway.example', ...fields];
    return this.send(`${line} HTTP/1.1`, ...hosted, '', '');
  }
}

export function admitAll(charges: readonly Charge[]): Verdict {
  const standings = charges.map((charge) => {
    return { charge, remaining: charge.limit.quota - 1, resetsInMs: charge.limit.windowMs };
  });
  return { admitted: true, standings, certain: true };
}

/** A configuration in which everything below /orders/1.0.0 is open to everybody. */
function everythingTo(backendPort: number): ServedConfig {
  const api = sampleApi({
    operations: [operationOf('/*', '*', { open: true })],
    backends: { PRODUCTION: backendAt(`http://127.0.0.1:${backendPort}/v1`) },
  });
  return sampleConfig({ apis: [api], applications: [sampleApplication(api)] });
}

/** Answers with what it got. */
function echo(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { method, url, rawHeaders } = request;
    const body = Buffer.concat(chunks).toString('latin1');
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ method, url, rawHeaders, body }));
  });
}

/** What `echo` tells about the request, as received in characters of one byte; fields by name in lower case. */
export interface Echoed {
  readonly method: string;
  readonly url: string;
  readonly fields: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
}

export function echoed(text: string): Echoed {
  const told = JSON.parse(Buffer.from(text, 'latin1').toString('utf8')) as {
    method: string;
    url: string;
    rawHeaders: string[];
    body: string;
  };
  const fields: Record<string, string[]> = {};
  for (let at = 0; at < told.rawHeaders.length; at += 2) {
    (fields[told.rawHeaders[at]!.toLowerCase()] ??= []).push(told.rawHeaders[at + 1]!);
  }
  return { method: told.method, url: told.url, fields, body: told.body };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening on a TCP port');
  return address.port;
}
