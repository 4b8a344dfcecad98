import type { ServerResponse } from 'node:http';
import { createServer as createRawServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { RunningGateway, type GatewaySetup } from './running-gateway.ts';
import { backendAt, operationOf, sampleApi, sampleConfig } from './sample.ts';

let gateway: RunningGateway;
let rawBackend: Server | undefined;

async function start(setup: GatewaySetup = {}): Promise<void> {
  gateway = await RunningGateway.start(setup);
}

/** A backend that speaks in bytes: `speak` is called for each connection with its first bytes. */
async function startBefore(
  speak: (socket: Socket, text: string) => void,
  setup: GatewaySetup = {},
): Promise<void> {
  rawBackend = createRawServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (text) => {
      speak(socket, text.toString('latin1'));
    });
  });
  await new Promise<void>((listening) => {
    rawBackend?.listen(0, '127.0.0.1', listening);
  });
  const address = rawBackend.address();
  const port = typeof address === 'object' ? address?.port : 0;
  await start({ ...setup, config: () => openTo(`http://127.0.0.1:${port}`) });
}

function openTo(url: string) {
  const operations = [operationOf('/*', '*', { open: true })];
  return sampleConfig({
    apis: [sampleApi({ operations, backends: { PRODUCTION: backendAt(url) } })],
    applications: [],
  });
}

async function answerTo(line: string, ...fields: readonly string[]): Promise<string> {
  const client = gateway.connect().request(line, 'Connection: close', ...fields);
  await until(() => client.ended);
  return client.received;
}

afterEach(async () => {
  await gateway.close();
  rawBackend?.close();
  rawBackend = undefined;
});

describe('a client that leaves', () => {
  test('before the answer ends the request to the backend', async () => {
    let ended = false;
    await start({
      backend: (request) => {
        request.on('close', () => {
          ended = true;
        });
      },
    });
    const client = gateway.connect().request('GET /orders/1.0.0/slow');
    await until(() => gateway.seen.length === 1);
    client.socket.destroy();
    await until(() => ended && gateway.records.length === 1);
    expect(gateway.records[0]).toMatchObject({ aborted: true, status: undefined });
  });

  test('in the middle of its body ends the request to the backend', async () => {
    let brokenOff = false;
    await start({
      backend: (request) => {
        request.on('aborted', () => {
          brokenOff = true;
        });
        request.resume();
      },
    });
    const client = gateway.connect().request('POST /orders/1.0.0/up', 'Content-Length: 100').send('half');
    await until(() => gateway.seen.length === 1);
    client.socket.destroy();
    await until(() => brokenOff && gateway.records.length === 1);
    expect(gateway.records[0]).toMatchObject({ aborted: true, bytesIn: 4 });
  });

  test('takes its pipelined requests along', async () => {
    let closed = 0;
    await start({
      backend: (request) => {
        request.on('close', () => {
          closed += 1;
        });
      },
    });
    const client = gateway.connect();
    for (const path of ['a', 'b', 'c']) client.request(`GET /orders/1.0.0/${path}`);
    await until(() => gateway.seen.length === 3);
    client.socket.destroy();
    await until(() => closed === 3 && gateway.records.length === 3);
    expect(gateway.records.every(({ aborted }) => aborted)).toBe(true);
  });
});

describe('a backend that fails', () => {
  const full = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

  test('to accept is a 503 with 101503', async () => {
    await start({ config: () => openTo('http://127.0.0.1:1') });
    const answer = await answerTo('GET /orders/1.0.0/x');
    expect(answer).toMatch(/^HTTP\/1.1 503 [^]*Retry-After: 1\r\n[^]*"code":"101503"/);
  });

  test('by an unknown name is a 503 with 101503', async () => {
    await start({ config: () => openTo('http://no-such-host.invalid') });
    expect(await answerTo('GET /orders/1.0.0/x')).toContain('"code":"101503"');
  });

  test('to answer in time is a 504 with 101504', async () => {
    await start({ backend: () => {}, backendBounds: { headMsMax: 100 } });
    expect(await answerTo('GET /orders/1.0.0/x')).toMatch(/^HTTP\/1.1 504 [^]*"code":"101504"/);
  });

  test('by closing before its answer is a 502 with 101505, and nothing is sent twice', async () => {
    let requests = 0;
    await startBefore((socket) => {
      requests += 1;
      socket.destroy();
    });
    expect(await answerTo('GET /orders/1.0.0/x')).toMatch(/^HTTP\/1.1 502 [^]*"code":"101505"/);
    expect(requests).toBe(1);
  });

  test.each([
    ['something else than HTTP', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
    ['a malformed head', 'HTTP/1.1 200 OK\r\nbad header\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok'],
    [
      'a length and chunks',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['too large a head', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`],
    ['another coding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
  ])('by sending %s is a 502 with 101506', async (_, bytes) => {
    await startBefore((socket) => socket.end(bytes, 'latin1'));
    expect(await answerTo('GET /orders/1.0.0/x')).toMatch(/^HTTP\/1.1 502 [^]*"code":"101506"/);
  });

  test.each([
    ['of known length', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'],
    ['in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'],
  ])(
    'in the middle of an answer %s breaks the client off: a truncated body never looks whole',
    async (_, bytes) => {
      await startBefore((socket) => {
        socket.write(bytes);
        setTimeout(() => socket.destroy(), 30);
      });
      const answer = await answerTo('GET /orders/1.0.0/x');
      expect(answer).toContain('half');
      expect(answer).not.toMatch(/0\r\n\r\n$/);
      await until(() => gateway.records.length === 1);
      expect(gateway.records[0]).toMatchObject({ status: 200, aborted: true });
    },
  );

  test('to go on with its answer breaks the client off', async () => {
    await startBefore((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'), {
      backendBounds: { bodyIdleMsMax: 100 },
    });
    expect(await answerTo('GET /orders/1.0.0/x')).toMatch(/half$/);
  });

  test('by answering before it has the whole body still gives its answer', async () => {
    await startBefore((socket) => socket.end(`HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno`));
    const client = gateway.connect().request('POST /orders/1.0.0/up', 'Content-Length: 1000000');
    client.send('x'.repeat(1000));
    await until(() => client.received.endsWith('no'));
    expect(client.received).toMatch(/^HTTP\/1.1 413 /);
  });

  test('once is used again', async () => {
    let first = true;
    await startBefore((socket) => {
      if (first) socket.destroy();
      else socket.write(full);
      first = false;
    });
    expect(await answerTo('GET /orders/1.0.0/x')).toContain('502');
    expect(await answerTo('GET /orders/1.0.0/x')).toMatch(/ok$/);
  });

  test('under too many requests is a 503 with a code of its own, at once', async () => {
    await start({ backend: () => {}, backendBounds: { connectionsMax: 1, waitingMax: 1 } });
    const running = gateway.connect().request('GET /orders/1.0.0/a');
    await until(() => gateway.seen.length === 1);
    const waiting = gateway.connect().request('GET /orders/1.0.0/b');
    const refused = await Promise.race([answerTo('GET /orders/1.0.0/c'), answerTo('GET /orders/1.0.0/d')]);
    expect(refused).toMatch(/^HTTP\/1.1 503 [^]*Retry-After: 1\r\n[^]*"code":"908010"/);
    expect([running.received, waiting.received]).toEqual(['', '']);
  });

  test('to become free is a 503 after a while', async () => {
    await start({ backend: () => {}, backendBounds: { connectionsMax: 1, waitMsMax: 200 } });
    gateway.connect().request('GET /orders/1.0.0/a');
    await until(() => gateway.seen.length === 1);
    expect(await answerTo('GET /orders/1.0.0/b')).toMatch(/^HTTP\/1.1 503 [^]*"code":"908010"/);
    expect(gateway.seen).toHaveLength(1);
  });

  test('to become free never sees the requests of clients that left meanwhile', async () => {
    const answers: ServerResponse[] = [];
    await start({
      backend: (_, response) => answers.push(response),
      backendBounds: { connectionsMax: 1 },
    });
    const running = gateway.connect().request('GET /orders/1.0.0/first');
    await until(() => answers.length === 1);
    const impatient = gateway.connect().request('GET /orders/1.0.0/second');
    const patient = gateway.connect().request('GET /orders/1.0.0/third');
    const bodied = gateway.connect().request('POST /orders/1.0.0/fourth', 'Content-Length: 5').send('hello');
    impatient.socket.end();
    bodied.socket.end();
    await until(() => gateway.records.length === 2);
    answers[0]?.end('first');
    await until(() => answers.length === 2);
    answers[1]?.end('third');
    await until(() => patient.received.includes('third'));
    expect(running.received).toContain('first');
    expect(gateway.seen.map(({ url }) => url)).toEqual(['/v1/first', '/v1/third']);
  });
});
