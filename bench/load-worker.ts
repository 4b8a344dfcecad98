/*
 * The other end of the proxy bench: a backend that answers 13 bytes, and closed-loop clients on bare sockets. Says the
 * backend's port first; each message is one LoadOrder, each answer one LoadResult.
 */
import { createServer, connect, type AddressInfo } from 'node:net';

export interface LoadOrder {
  readonly port: number;
  readonly request: string;
  readonly connections: number;
  readonly durationMs: number;
}

export interface LoadResult {
  readonly responses: number;
  /** Answers whose status isn't 200. */
  readonly others: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const answer = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, world!';
const headEnd = '\r\n\r\n';

const backend = createServer((socket) => {
  let rest = '';
  socket.setNoDelay(true).setEncoding('latin1');
  socket.on('data', (text: string) => {
    const parts = (rest + text).split(headEnd);
    rest = parts.pop() ?? '';
    socket.write(answer.repeat(parts.length));
  });
  socket.on('error', () => {});
});
backend.listen(0, '127.0.0.1', () => {
  process.send?.({ backendPort: (backend.address() as AddressInfo).port });
});

function run({ port, request, connections, durationMs }: LoadOrder): Promise<LoadResult> {
  const waitsMs: number[] = [];
  let others = 0;
  const startMs = performance.now();
  const endMs = startMs + durationMs;
  const client = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      let sentMs = performance.now();
      let rest = '';
      socket.setNoDelay(true).setEncoding('latin1');
      socket.on('error', reject);
      socket.on('close', resolve);
      socket.on('data', (text: string) => {
        rest += text;
        const bodyAt = rest.indexOf(headEnd) + headEnd.length;
        if (bodyAt < headEnd.length) return;
        const bytes = Number(/content-length: (\d+)/i.exec(rest)?.[1] ?? 0);
        if (rest.length < bodyAt + bytes) return;
        if (!rest.startsWith('HTTP/1.1 200')) others += 1;
        rest = '';
        const nowMs = performance.now();
        waitsMs.push(nowMs - sentMs);
        sentMs = nowMs;
        if (nowMs < endMs) socket.write(request);
        else socket.destroy();
      });
      socket.write(request);
    });
  return Promise.all(Array.from({ length: connections }, client)).then(() => {
    const sorted = Float64Array.from(waitsMs).sort();
    const at = (part: number): number => sorted[Math.floor(part * sorted.length)] ?? NaN;
    const seconds = (performance.now() - startMs) / 1000;
    return { responses: sorted.length, others, seconds, p50Ms: at(0.5), p99Ms: at(0.99) };
  });
}

process.on('message', (order: LoadOrder) => {
  void run(order).then((result) => process.send?.(result));
});
process.once('disconnect', () => process.exit());
