import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Who has opened a connection to a server. */
export type Peer = 'gateway' | 'sentinel' | 'replica';

/**
 * The address by which everybody knows one server. It tells connections apart by their first words, so that a server can be cut
 * off from some of its peers only, and replication can be slow while everything else is quick. The test that starts it closes it.
 */
export class LinkProxy {
  readonly port: number;
  /** How late replicas hear of a write, in ms. */
  replicationDelayMs = 0;
  readonly #server: Server;
  readonly #links = new Set<Link>();
  #cutOff: ReadonlySet<Peer> = new Set();

  private constructor(server: Server, upstreamPort: number) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (client) => {
      const link = new Link(client, connect(upstreamPort, '127.0.0.1'), {
        isCutOff: (peer) => this.#cutOff.has(peer),
        delayMs: (peer) => (peer === 'replica' ? this.replicationDelayMs : 0),
        over: () => this.#links.delete(link),
      });
      this.#links.add(link);
    });
  }

  static async start(upstreamPort: number): Promise<LinkProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new LinkProxy(server, upstreamPort);
  }

  /** What these peers and the server say to each other vanishes, on old connections and new ones, until `heal`. */
  cutOff(peers: readonly Peer[]): void {
    this.#cutOff = new Set(peers);
  }

  /** Connections that have lost something break; new ones are whole again. */
  heal(): void {
    this.#cutOff = new Set();
    for (const link of this.#links) if (link.hasLost) link.break();
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const link of this.#links) link.break();
    await closed;
  }
}

class Link {
  hasLost = false;
  readonly #client: Socket;
  readonly #upstream: Socket;
  #peer: Peer | undefined;

  constructor(
    client: Socket,
    upstream: Socket,
    to: {
      readonly isCutOff: (peer: Peer) => boolean;
      readonly delayMs: (peer: Peer) => number;
      readonly over: () => void;
    },
  ) {
    this.#client = client;
    this.#upstream = upstream;
    client.on('data', (chunk: Buffer) => {
      this.#peer ??= peerOf(chunk);
      if (to.isCutOff(this.#peer)) this.hasLost = true;
      else if (!this.hasLost) upstream.write(chunk);
    });
    upstream.on('data', (chunk: Buffer) => {
      const peer = this.#peer ?? 'gateway';
      if (to.isCutOff(peer)) this.hasLost = true;
      if (this.hasLost) return;
      const delayMs = to.delayMs(peer);
      if (delayMs === 0) {
        client.write(chunk);
        return;
      }
      // Timers of one length fire in their order.
      setTimeout(() => {
        if (!this.hasLost && !to.isCutOff(peer)) client.write(chunk);
        else this.hasLost = true;
      }, delayMs);
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

/** Gateways say HELLO first, sentinels name their connection, and replicas PING. */
function peerOf(chunk: Buffer): Peer {
  const words = chunk.toString('latin1', 0, 100).toLowerCase();
  if (words.includes('sentinel')) return 'sentinel';
  return words.startsWith('*1\r\n$4\r\nping') ? 'replica' : 'gateway';
}
