import type { IncomingMessage, ServerResponse } from 'node:http';
import { RunningGateway } from '../proxy/running-gateway.ts';

/*
 * A whole data plane in a process of its own, which must outlive whatever is sent to it. Started by `GatewayProcess`, and
 * asked by messages.
 */

/** What a process tells of itself. */
export interface PlaneReport {
  readonly port: number;
  /** Requests whose heads and bodies the backend got whole since the report before: `GET /v1/x hello`. */
  readonly seen: readonly string[];
  /** Exchanges that began, and that left their record. */
  readonly begun: number;
  readonly recorded: number;
  readonly heapBytes: number;
  readonly rssBytes: number;
}

/** Some hundred of them must fit in what the kernel lends to sockets, or it slows down everybody's. */
const largeAnswer = Buffer.alloc(256 * 1024, 'x');
/** How long a client may take for a head, a body's next piece or its next request. */
const patienceMs = Number(process.argv[2]);
const seen: string[] = [];
let recorded = 0;

function answer(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    seen.push(`${request.method} ${request.url} ${Buffer.concat(chunks).toString('latin1')}`);
    if (request.url?.startsWith('/v1/large') === true) response.end(largeAnswer);
    else response.end('fine');
  });
  request.on('error', () => {});
}

const gateway = await RunningGateway.start({
  backend: answer,
  bounds: { headMsMax: patienceMs, idleMsMax: patienceMs, bodyIdleMsMax: patienceMs },
  // Bodies that come slowly hold a backend's connection each.
  backendBounds: { connectionsMax: 4000 },
});

function report(): PlaneReport {
  recorded += gateway.records.splice(0).length;
  gateway.seen.length = 0;
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  const { port, begun } = gateway;
  return { port, seen: seen.splice(0), begun, recorded, heapBytes: heapUsed, rssBytes: rss };
}

process.on('message', (asked) => {
  if (asked === 'report') process.send?.(report());
  else void gateway.close().then(() => process.disconnect?.());
});
process.send?.(report());
