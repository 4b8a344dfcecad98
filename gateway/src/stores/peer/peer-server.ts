import { once } from 'node:events';
import { chmodSync, existsSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { answerRequest } from '../asked-store.ts';
import { MemoryStore } from '../memory-store.ts';
import { requestOf, responseMessage, type GatewayCount } from './codec.ts';
import { onJsonLines, writeJsonLine } from './lines.ts';

const ledgersMax = 1_000_000;

/**
 * One process' counters for all gateways of this machine: a memory store behind a Unix socket that only this user may
 * open. Each connection that has named its gateway counts as one living gateway.
 */
export class PeerServer {
  readonly #server: Server;
  readonly #store: MemoryStore;
  /** The gateway each connection speaks for. */
  readonly #gateways = new Map<Socket, string>();
  readonly #sockets = new Set<Socket>();

  private constructor(nowMs: () => number) {
    this.#store = new MemoryStore({ nowMs, gateways: () => this.#count, ledgersMax });
    this.#server = createServer((socket) => {
      this.#serve(socket);
    });
  }

  /** Listens on a socket path; takes over a path whose server is gone. Throws when another server answers there. */
  static async listen(socketPath: string, nowMs: () => number): Promise<PeerServer> {
    if (existsSync(socketPath)) {
      if (await answers(socketPath)) throw new Error(`${socketPath}: another counter process listens there`);
      unlinkSync(socketPath);
    }
    const server = new PeerServer(nowMs);
    server.#server.listen(socketPath);
    await once(server.#server, 'listening');
    chmodSync(socketPath, 0o600);
    return server;
  }

  async close(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
    await this.#store.close();
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#gateways.delete(socket);
      this.#tellCount();
    });
    // A gateway that is killed resets its connection; `close` follows and is all that matters.
    socket.on('error', () => {});
    onJsonLines(socket, (message) => {
      const request = requestOf(message);
      if (request === undefined) socket.destroy(new Error('a message is no request'));
      else if (request.kind === 'hello') {
        this.#gateways.set(socket, request.gateway);
        this.#tellCount();
      } else
        void answerRequest(this.#store, request).then((response) =>
          writeJsonLine(socket, responseMessage(response)),
        );
    });
  }

  get #count(): number {
    return new Set(this.#gateways.values()).size;
  }

  #tellCount(): void {
    const message: GatewayCount = { gateways: this.#count };
    for (const socket of this.#gateways.keys()) writeJsonLine(socket, message);
  }
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
