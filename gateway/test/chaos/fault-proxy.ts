import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Random } from '../support/random.ts';

/**
 * What is done to the bytes between a client and the server. `delay`: each way takes so long. `swallow`: they vanish while
 * connections stay open; a connection that has lost bytes never heals, like one that a firewall has forgotten. `garbage`: a
 * reply is replaced by nonsense, now and then. `cut`: half of a reply arrives, then the connection breaks, now and then.
 */
export type Disturbance =
  | { readonly kind: 'none' }
  | { readonly kind: 'delay'; readonly delayMs: number }
  | { readonly kind: 'swallow' }
  | { readonly kind: 'garbage'; readonly probability: number }
  | { readonly kind: 'cut'; readonly probability: number };

/** A TCP proxy on a loopback port whose connections a test can disturb. The test that starts it closes it. */
export class FaultProxy {
  readonly port: number;
  #disturbance: Disturbance = { kind: 'none' };
  /** Replies that were swallowed, spoilt or cut, so that a test sees that something happened. */
  disturbed = 0;
  readonly #upstreamPort: number;
  readonly #random: Random;
  readonly #links = new Set<Link>();
  #server: Server;

  private constructor(server: Server, port: number, upstreamPort: number, random: Random) {
    this.port = port;
    this.#upstreamPort = upstreamPort;
    this.#random = random;
    this.#server = server;
    this.#server.on('connection', this.#connected);
  }

  static async start(upstreamPort: number, random: Random): Promise<FaultProxy> {
    const server = createServer();
    const port = await listen(server, 0);
    return new FaultProxy(server, port, upstreamPort, random);
  }

  disturb(disturbance: Disturbance): void {
    this.#disturbance = disturbance;
  }

  /** Breaks all connections; new ones are refused, until `accept`. */
  async refuse(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const link of this.#links) link.break();
    await closed;
  }

  async accept(): Promise<void> {
    this.#server = createServer(this.#connected);
    await listen(this.#server, this.port);
  }

  async close(): Promise<void> {
    if (this.#server.listening) await this.refuse();
  }

  readonly #connected = (client: Socket): void => {
    const link = new Link(client, connect(this.#upstreamPort, '127.0.0.1'), {
      disturbance: () => this.#disturbance,
      random: this.#random,
      disturbed: () => (this.disturbed += 1),
      over: () => this.#links.delete(link),
    });
    this.#links.add(link);
  };
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not a TCP port');
  return address.port;
}

/** One proxied connection. */
class Link {
  readonly #client: Socket;
  readonly #upstream: Socket;
  #swallows = false;

  constructor(
    client: Socket,
    upstream: Socket,
    to: {
      readonly disturbance: () => Disturbance;
      readonly random: Random;
      readonly disturbed: () => void;
      readonly over: () => void;
    },
  ) {
    this.#client = client;
    this.#upstream = upstream;
    const toUpstream = new Lane(upstream);
    const toClient = new Lane(client);
    const pass = (lane: Lane, chunk: Buffer): void => {
      const now = to.disturbance();
      if (now.kind === 'swallow') this.#swallows = true;
      if (this.#swallows) to.disturbed();
      else lane.send(chunk, now.kind === 'delay' ? now.delayMs : 0);
    };
    client.on('data', (chunk: Buffer) => pass(toUpstream, chunk));
    upstream.on('data', (chunk: Buffer) => {
      const now = to.disturbance();
      const strikes = 'probability' in now && to.random.chance(now.probability);
      if (!strikes) return pass(toClient, chunk);
      to.disturbed();
      if (now.kind === 'garbage') return client.write(to.random.pick(garbage));
      client.write(chunk.subarray(0, chunk.length / 2), () => this.break());
    });
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      // A broken connection is what this proxy is for; 'close' follows.
      socket.on('error', () => {});
      socket.on('close', () => {
        this.break();
        to.over();
      });
    }
  }

  break(): void {
    this.#client.destroy();
    this.#upstream.destroy();
  }
}

/** One direction of a connection: bytes keep their order when the delay changes. */
class Lane {
  readonly #to: Socket;
  readonly #waiting: { readonly dueMs: number; readonly chunk: Buffer }[] = [];

  constructor(to: Socket) {
    this.#to = to;
  }

  send(chunk: Buffer, delayMs: number): void {
    if (delayMs === 0 && this.#waiting.length === 0) {
      this.#to.write(chunk);
      return;
    }
    const lastDueMs = this.#waiting.at(-1)?.dueMs ?? 0;
    this.#waiting.push({ dueMs: Math.max(lastDueMs, performance.now() + delayMs), chunk });
    if (this.#waiting.length === 1) this.#sendLater();
  }

  #sendLater(): void {
    const [next] = this.#waiting;
    if (next === undefined) return;
    setTimeout(
      () => {
        this.#waiting.shift();
        this.#to.write(next.chunk);
        this.#sendLater();
      },
      Math.max(0, next.dueMs - performance.now()),
    );
  }
}

/** Wrong types, wrong lengths, and no protocol at all. Never a well-formed grant: a store that lies can't be found out. */
const garbage: readonly Buffer[] = [
  Buffer.from('+OK\r\n'),
  Buffer.from(':1\r\n'),
  Buffer.from('*0\r\n'),
  Buffer.from('*5\r\n$1\r\nx\r\n$-1\r\n:0\r\n:1\r\n+y\r\n'),
  Buffer.from('-ERR nonsense\r\n'),
  Buffer.from('*-7\r\n'),
  Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
  Buffer.from([0, 255, 254, 1, 2, 3, 13, 10, 200]),
];
