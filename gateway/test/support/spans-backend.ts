import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { judge, type Seen } from '../chaos/judge.ts';
import type { JudgedWindow } from '../chaos/windows.ts';
import { sentHeader } from './load.ts';

/** A backend that notes of each request when its client sent it and when it came, in ms of the wall clock. */
export class SpansBackend {
  readonly port: number;
  /** When each request came. */
  readonly arrivalsMs: number[] = [];
  readonly #seen: Seen[] = [];
  readonly #server: Server;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
    server.on('request', (request, response) => {
      const atMs = Date.now();
      this.arrivalsMs.push(atMs);
      const sentMs = Number(request.headers[sentHeader]);
      this.#seen.push({ sentMs, endedMs: atMs, outcome: 'admitted', arrivalsMs: [atMs] });
      response.end('ok');
    });
  }

  static async start(host = '127.0.0.1'): Promise<SpansBackend> {
    const server = createServer().listen(0, host);
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return new SpansBackend(server, address.port);
  }

  /** What came in each aligned window so far. A unit belongs to any window that its span touches, as it does no harm in. */
  windows(limit: { readonly units: number; readonly windowMs: number }): readonly JudgedWindow[] {
    return judge({ name: 'quota', ...limit, starts: 'aligned' }, this.#seen);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
