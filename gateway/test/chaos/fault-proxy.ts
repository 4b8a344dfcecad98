import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Random } from '../support/random.ts';
import { ProxiedLink } from './proxied-link.ts';

export type Way = 'to-server' | 'to-client';

interface Striking {
  readonly probability: number;
  /** Else replies only. */
  readonly bothWays?: true;
}

/**
 * What is done to the bytes between a client and the server. `delay`: each way takes so long. `hold`: they wait until something
 * else is done; connections stay. `swallow`: they vanish, both ways or one, while connections stay open; a connection that has
 * lost bytes never heals, like one that a firewall has forgotten. Now and then: `garbage`: nonsense instead of what was said;
 * `cut`: half of it arrives, then the connection breaks; `reset`: the connection is reset.
 */
export type Disturbance =
  | { readonly kind: 'none' }
  | { readonly kind: 'delay'; readonly delayMs: number }
  | { readonly kind: 'hold' }
  | { readonly kind: 'swallow'; readonly only?: Way }
  | ({ readonly kind: 'garbage'; readonly of: readonly Buffer[] } & Striking)
  | ({ readonly kind: 'cut' | 'reset' } & Striking);

/** A TCP proxy on a loopback port whose connections a test can disturb. The test that starts it closes it. */
export class FaultProxy {
  readonly port: number;
  #disturbance: Disturbance = { kind: 'none' };
  /** Times that something was swallowed, spoilt or cut, so that a test sees that something happened. */
  disturbed = 0;
  readonly #upstreamPort: number;
  readonly #random: Random;
  readonly #links = new Set<ProxiedLink>();
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
    if (disturbance.kind !== 'hold') for (const link of this.#links) link.release();
  }

  /** Breaks all connections; new ones are as welcome as before. */
  break(): void {
    for (const link of this.#links) link.break();
  }

  /** Breaks all connections; new ones are refused, until `accept`. */
  async refuse(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.break();
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
    const link = new ProxiedLink(client, connect(this.#upstreamPort, '127.0.0.1'), {
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
