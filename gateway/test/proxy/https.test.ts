import { type ConnectionOptions, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { opensslMissing } from '../support/tls-files.ts';
import { until } from '../support/until.ts';
import {
  ask,
  connect,
  files,
  gateway,
  makeFiles,
  others,
  removeFiles,
  settings,
  start,
} from './https-gateway.ts';
import { backendAt, operationOf, sampleApi, sampleConfig } from './sample.ts';

const mebibyte = 1024 * 1024;

describe.skipIf(opensslMissing)('HTTPS', () => {
  beforeAll(makeFiles);
  afterAll(removeFiles);
  afterEach(() => gateway.close());

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'serves requests over %s, kept alive and pipelined',
    async (version) => {
      await start();
      const client = connect({ minVersion: version, maxVersion: version });
      expect(await ask(client)).toMatch(/^HTTP\/1.1 200 [^]*"x-forwarded-proto","https"/);
      const socket = client.socket as TLSSocket;
      expect([socket.getProtocol(), socket.alpnProtocol]).toEqual([version, 'http/1.1']);
      client.received = '';
      for (const path of ['a', 'b', 'c']) client.request(`GET /orders/1.0.0/${path}`);
      client.request('POST /orders/1.0.0/d', 'Connection: close', 'Content-Length: 2').send('ok');
      await until(() => client.ended);
      expect(client.received.match(/"url":"[^"]+"/g)).toEqual(
        ['a', 'b', 'c', 'd'].map((at) => `"url":"/v1/${at}"`),
      );
      expect(client.received).toContain('"body":"ok"');
    },
  );

  test.each([
    ['an older version than the least', { maxVersion: 'TLSv1.2' }],
    ['HTTP/2 alone', { ALPNProtocols: ['h2'] }],
  ] as const)('is not for clients with %s', async (_, options: ConnectionOptions) => {
    await start({ minimumVersion: 'TLSv1.3' });
    expect(await ask(connect(options))).toBe('');
    expect(await ask(connect())).toContain('200 OK');
    expect(gateway.begun).toBe(1);
  });

  test('is for clients without ALPN too', async () => {
    await start();
    expect(await ask(connect({ ALPNProtocols: [] }))).toContain('200 OK');
  });

  test('carries 64 MiB both ways', async () => {
    await start({}, { backend: (request, response) => request.pipe(response) });
    const client = connect();
    client.request('POST /orders/1.0.0/x', `Content-Length: ${64 * mebibyte}`);
    const block = Buffer.alloc(mebibyte, 'sluice');
    let [sent, got] = [0, 0];
    client.socket.removeAllListeners('data').on('data', (text: string) => {
      got += text.length;
    });
    const write = (): void => {
      while (sent < 64 && client.socket.write(block)) sent += 1;
      sent += 1;
    };
    client.socket.on('drain', () => sent < 64 && write());
    write();
    await until(() => gateway.records.length === 1, 30_000);
    const bytes = { bytesIn: 64 * mebibyte, bytesOut: 64 * mebibyte };
    expect(gateway.records[0]).toMatchObject({ ...bytes, aborted: false });
    await until(() => got > 64 * mebibyte);
  }, 60_000);

  test('stops the backend of a client that stops reading', async () => {
    let produced = 0;
    const block = Buffer.alloc(mebibyte);
    await start(
      {},
      {
        backend: (_, response) => {
          const write = (): void => {
            while (response.write(block)) produced += 1;
            produced += 1;
          };
          response.on('drain', write);
          write();
        },
      },
    );
    const client = connect().request('GET /orders/1.0.0/x');
    await until(() => client.received !== '');
    client.socket.pause();
    let [seen, still] = [0, 0];
    await until(() => {
      still = seen === produced ? still + 1 : 0;
      seen = produced;
      return still > 40;
    });
    expect(produced).toBeLessThan(64);
    client.socket.destroy();
    await until(() => gateway.records.length === 1);
    expect(gateway.records[0]).toMatchObject({ aborted: true });
  });

  test('opens WebSockets, and each side may end first', async () => {
    const operations = [operationOf('/*', '*', { open: true })];
    await start(
      {},
      {
        config: (url) => {
          const backends = { PRODUCTION: backendAt(url) };
          return sampleConfig({
            apis: [sampleApi({ operations, backends, webSocket: true })],
            applications: [],
          });
        },
      },
    );
    gateway.backend.on('upgrade', (_, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      socket.pipe(socket);
    });
    const client = connect().request('GET /orders/1.0.0/x', 'Connection: Upgrade', 'Upgrade: websocket');
    client.send('early');
    await until(() => client.received.endsWith('\r\n\r\nearly'));
    client.send('x'.repeat(300_000));
    client.socket.end('last');
    await until(() => client.ended && gateway.records.length === 1);
    expect(client.received.endsWith(`early${'x'.repeat(300_000)}last`)).toBe(true);
    const bytes = { bytesIn: 300_009, bytesOut: 300_009 };
    expect(gateway.records[0]).toMatchObject({ status: 101, aborted: false, ...bytes });
  });

  test.each([
    ['a request in the clear', 'GET /orders/1.0.0/x HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['garbage', '\u0016\u0003\u0001\u0000\u0005\u0001\u0000\u0000\u0001\u00ff'],
    ['a long record', `\u0016\u0003\u0001\u00ff\u00ff${'x'.repeat(70_000)}`],
  ])('ends a connection that begins with %s', async (_, bytes) => {
    await start();
    const client = gateway.connect().send(bytes);
    await until(() => client.ended);
    expect(gateway.begun).toBe(0);
    expect(await ask(connect())).toContain('200 OK');
  });

  test('has a deadline for the handshake, and one for the first request', async () => {
    await start({}, { bounds: { headMsMax: 200 } });
    const silent = gateway.connect();
    const begun = gateway.connect().send('\u0016\u0003\u0001\u0002\u0000\u0001');
    const shaken = connect();
    await until(() => silent.ended && begun.ended && shaken.ended);
  });

  test('takes a new certificate for new connections, and keeps the old one rather than a bad one', async () => {
    await start({ minimumVersion: 'TLSv1.3' });
    const before = connect();
    expect(await ask(before)).toContain('200 OK');
    gateway.renew(settings({ minimumVersion: 'TLSv1.3' }, others));
    expect(await ask(before)).toContain('200 OK');
    expect(await ask(connect())).toBe('');
    expect(await ask(connect({}, others))).toContain('200 OK');
    expect(await ask(connect({ maxVersion: 'TLSv1.2' }, others))).toBe('');
    expect(() => gateway.renew(settings({ key: files.text('server.key') }, others))).toThrow(
      'key values mismatch',
    );
    expect(() => gateway.renew(settings({ certificate: 'no PEM' }))).toThrow('PEM');
    expect(await ask(connect({}, others))).toContain('200 OK');
  });

  test('drains: running requests end, and handshakes hold nobody up beyond the deadline', async () => {
    let finish = (): void => {};
    await start(
      {},
      {
        backend: (_, response) => {
          finish = () => response.end('answer');
        },
      },
    );
    const silent = gateway.connect();
    const idle = connect();
    const running = connect().request('GET /orders/1.0.0/x');
    await until(() => gateway.seen.length === 1 && (idle.socket as TLSSocket).getProtocol() !== null);
    const draining = gateway.drain(500);
    await until(() => idle.ended);
    finish();
    await until(() => running.ended);
    expect(running.received).toMatch(/^HTTP\/1.1 200 OK\r\n[^]*Connection: close\r\n[^]*answer/);
    await draining;
    await until(() => silent.ended);
  });

  test('does not handshake again on a connection', async () => {
    await start({}, { bounds: { idleMsMax: 200 } });
    const client = connect({ maxVersion: 'TLSv1.2' });
    expect(await ask(client)).toContain('200 OK');
    const outcomes: unknown[] = [];
    (client.socket as TLSSocket).renegotiate({}, (error) => outcomes.push(error));
    await until(() => client.ended);
    expect(outcomes).not.toContain(null);
  });
});
