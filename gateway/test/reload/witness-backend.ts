import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sentHeader } from '../support/load.ts';

export interface Arrival {
  /** On the wall clock, as the gateways' Redis has it. */
  readonly sentMs: number;
  readonly atMs: number;
}

const slowMs = 600;

/** A backend that notes what it was sent, by the API's name in its path, and tells the path back. `slow` in a path takes its time. */
export class WitnessBackend {
  readonly port: number;
  readonly #arrivals = new Map<string, Arrival[]>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('request', (request, response) => {
      const { url = '' } = request;
      const kind = /(\w+)$/.exec(url)?.[1] ?? '';
      const arrivals = this.#arrivals.get(kind) ?? [];
      this.#arrivals.set(kind, arrivals);
      arrivals.push({ sentMs: Number(request.headers[sentHeader]), atMs: Date.now() });
      if (kind === 'slow') setTimeout(() => response.end(url), slowMs);
      else response.end(url);
    });
  }

  static async start(): Promise<WitnessBackend> {
    const server = createServer({ keepAliveTimeout: 120_000 }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new WitnessBackend(server);
  }

  /** What came for a kind of request. */
  of(kind: string): readonly Arrival[] {
    return this.#arrivals.get(kind) ?? [];
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
