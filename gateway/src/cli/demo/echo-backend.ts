import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A backend that answers with what it saw, and counts by itself: the witness of the demo. */
export interface EchoBackend {
  readonly port: number;
  /** When each request arrived, in ms of this process' monotonic clock. */
  readonly arrivalsMs: readonly number[];
  close(): Promise<void>;
}

/** Listens on any free loopback port. */
export async function startEchoBackend(nowMs: () => number): Promise<EchoBackend> {
  const arrivalsMs: number[] = [];
  const server = createServer((request, response) => {
    arrivalsMs.push(nowMs());
    request.resume();
    const body = {
      backend: `port ${listening}`,
      method: request.method,
      target: request.url,
      count: arrivalsMs.length,
    };
    response.setHeader('content-type', 'application/json');
    response.end(`${JSON.stringify(body)}\n`);
  });
  server.keepAliveTimeout = 120_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: listening } = server.address() as AddressInfo;
  return {
    port: listening,
    arrivalsMs,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
