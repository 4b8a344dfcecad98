import { createHash } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { RunningGateway, type GatewaySetup } from './running-gateway.ts';

const mebibyte = 1024 * 1024;
const block = Buffer.alloc(mebibyte, 'sluice');

let gateway: RunningGateway;

async function start(setup: GatewaySetup = {}): Promise<void> {
  gateway = await RunningGateway.start(setup);
}

afterEach(() => gateway.close());

function blocks(count: number): Readable {
  return Readable.from(Array.from({ length: count }, () => block));
}

function sha256Of(count: number): string {
  const digest = createHash('sha256');
  for (let sent = 0; sent < count; sent += 1) digest.update(block);
  return digest.digest('hex');
}

async function digestOf(stream: AsyncIterable<unknown>): Promise<string> {
  const digest = createHash('sha256');
  for await (const chunk of stream) digest.update(chunk as Buffer);
  return digest.digest('hex');
}

function put(fields: Record<string, string>, body: Readable): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(`${gateway.url}/orders/1.0.0/up`, {
      method: 'PUT',
      headers: fields,
      agent: false,
    });
    sent.on('response', resolve).on('error', reject);
    body.pipe(sent);
  });
}

describe('bodies', () => {
  test.each([
    ['of known length', { 'content-length': String(64 * mebibyte) }],
    ['in chunks', { 'transfer-encoding': 'chunked' }],
  ])('64 MiB %s go up byte by byte, framed as they came', async (_, fields) => {
    let framing: unknown;
    await start({
      backend: (request, response) => {
        framing = [request.headers['content-length'], request.headers['transfer-encoding']];
        void digestOf(request).then((digest) => response.end(digest));
      },
    });
    const answer = await put(fields, blocks(64));
    expect(await digestOf(answer)).toBe(createHash('sha256').update(sha256Of(64)).digest('hex'));
    expect(framing).toEqual(
      'content-length' in fields ? [fields['content-length'], undefined] : [undefined, 'chunked'],
    );
    await until(() => gateway.records.length === 1);
    expect(gateway.records[0]).toMatchObject({ bytesIn: 64 * mebibyte, bytesOut: 64, aborted: false });
  });

  test('64 MiB come down byte by byte', async () => {
    await start({
      backend: (_, response) => {
        blocks(64).pipe(response);
      },
    });
    const answer = await fetch(`${gateway.url}/orders/1.0.0/down`);
    expect(await digestOf(answer.body!)).toBe(sha256Of(64));
    await until(() => gateway.records.length === 1);
    expect(gateway.records[0]).toMatchObject({ bytesOut: 64 * mebibyte, aborted: false });
  });

  test('a client that stops reading stops the backend, and memory stays flat', async () => {
    let produced = 0;
    await start({
      backend: (_, response) => {
        Readable.from(
          (function* endless() {
            for (;;) {
              produced += block.length;
              yield block;
            }
          })(),
        ).pipe(response);
      },
    });
    const client = gateway.connect().request('GET /orders/1.0.0/endless');
    client.socket.pause();
    await until(() => produced > 0);
    const before = await settled(() => produced);
    expect(before).toBeLessThan(40 * mebibyte);
    // Those of the tests before may not have been collected.
    expect(process.memoryUsage().arrayBuffers).toBeLessThan(160 * mebibyte);
    client.socket.resume();
    await until(() => produced > before + 64 * mebibyte);
    client.socket.destroy();
    await until(() => gateway.records.length === 1);
    expect(gateway.records[0]).toMatchObject({ aborted: true, status: 200 });
  });

  test('a backend that stops reading stops the client', async () => {
    let taken: IncomingMessage | undefined;
    await start({
      backend: (request) => {
        taken = request.pause();
      },
    });
    const client = gateway.connect();
    client.request('POST /orders/1.0.0/up', `Content-Length: ${1024 * mebibyte}`);
    let sent = 0;
    const pump = (): void => {
      while (client.socket.write(block)) sent += block.length;
      sent += block.length;
    };
    client.socket.on('drain', pump);
    pump();
    await until(() => taken !== undefined);
    const before = await settled(() => sent);
    expect(before).toBeLessThan(40 * mebibyte);
    taken?.resume();
    await until(() => sent > before + 32 * mebibyte);
    client.socket.off('drain', pump);
    client.socket.destroy();
    await until(() => gateway.records.length === 1);
    expect(gateway.records[0]).toMatchObject({ aborted: true });
  });

  test('the first piece of an answer leaves at once, before the rest is there', async () => {
    let finish = (): void => {};
    await start({
      backend: (_, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.flushHeaders();
        finish = () => response.end('data: later\n\n');
      },
    });
    const client = gateway.connect().request('GET /orders/1.0.0/events');
    await until(() => client.received.includes('\r\n\r\n'));
    expect(client.received).toContain('text/event-stream');
    finish();
    await until(() => client.received.includes('later'));
  });
});

/** The value once it has stood still for a while. */
async function settled(value: () => number): Promise<number> {
  let last = -1;
  let still = 0;
  await until(() => {
    still = value() === last ? still + 1 : 0;
    last = value();
    return still > 40;
  });
  return last;
}
