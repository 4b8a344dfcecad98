import { once } from 'node:events';
import { createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { residentWhile } from './resident.ts';
import { sluice } from './sluice-variants.ts';
import { openWorld, type Server } from './variant.ts';

const mebibyte = 1024 * 1024;
const streamBytes = 1024 * mebibyte;
const warmUpBytes = 128 * mebibyte;
const growthMaxMiB = 32;
const piece = Buffer.alloc(64 * 1024, 'x');
/** The reading end rests this often and this long, so that the writing end is always ahead. */
const restEveryBytes = 4 * mebibyte;
const restMs = 20;

/** Sluice's memory while 1 GiB goes through it to a slow client, and to a slow backend. Markdown. */
export async function benchStreams(): Promise<string> {
  const backend = createServer((incoming, answer) => {
    if (incoming.method === 'POST') {
      void readSlowly(incoming).then((bytes) => answer.end(String(bytes)));
      return;
    }
    void pipeline(pieces(Number(incoming.headers['x-bytes'])), answer);
  });
  await once(backend.listen(0, '127.0.0.1'), 'listening');
  const world = await openWorld();
  const server = await sluice.start({ ...world, backendPort: (backend.address() as AddressInfo).port });
  try {
    for (const stream of [down, up]) await stream(server, warmUpBytes);
    const rows: string[] = [];
    for (const [name, stream] of [
      ['down', down],
      ['up', up],
    ] as const) {
      process.stderr.write(`streams: 1 GiB ${name}\n`);
      const before = await residentWhile(server.pid, () => sleep(1000));
      const during = await residentWhile(server.pid, () => stream(server, streamBytes));
      const grownMiB = during.high - before.median;
      const cells = [name, before.median.toFixed(0), during.high.toFixed(0), grownMiB.toFixed(1)];
      rows.push(
        `| ${cells.join(' | ')} | < ${growthMaxMiB} | ${grownMiB < growthMaxMiB ? 'met' : 'missed'} |`,
      );
    }
    return [
      'Sluice, all levels on; 1 GiB each way, the reader slower than the writer; resident memory in MiB.',
      '',
      '| 1 GiB | before | at most meanwhile | grown | asked | |',
      '|---|---|---|---|---|---|',
      ...rows,
    ].join('\n');
  } finally {
    await server.close();
    await world.close();
    backend.close();
    backend.closeAllConnections();
  }
}

async function down(server: Server, bytes: number): Promise<void> {
  const asked = request(url(server), { headers: { ...server.fields, 'x-bytes': String(bytes) } }).end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  assertWhole(answer, await readSlowly(answer), bytes);
}

async function up(server: Server, bytes: number): Promise<void> {
  const asked = request(url(server), { method: 'POST', headers: server.fields });
  const answered = once(asked, 'response') as Promise<[IncomingMessage]>;
  await pipeline(pieces(bytes), asked);
  const [answer] = await answered;
  let said = '';
  for await (const text of answer.setEncoding('utf8')) said += String(text);
  assertWhole(answer, Number(said), bytes);
}

function url(server: Server): string {
  return `http://127.0.0.1:${server.port}${server.basePath}/x`;
}

function* piecesOf(bytes: number): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= piece.length) yield piece;
}

function pieces(bytes: number): Readable {
  return Readable.from(piecesOf(bytes), { objectMode: false });
}

async function readSlowly(body: IncomingMessage): Promise<number> {
  let bytes = 0;
  let restAt = restEveryBytes;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes < restAt) continue;
    restAt += restEveryBytes;
    await sleep(restMs);
  }
  return bytes;
}

function assertWhole({ statusCode }: IncomingMessage, bytes: number, asked: number): void {
  if (statusCode !== 200 || bytes !== asked)
    throw new Error(`status ${statusCode}, ${bytes} of ${asked} bytes`);
}
