import { afterEach, describe, expect, test } from 'vitest';
import {
  backend,
  close,
  type Speak,
  agrees,
  echoes,
  gateway,
  open,
  opened,
  opening,
  speaksWebSocket,
  start,
} from './websocket-sample.ts';
import { until } from '../support/until.ts';
import { admitAll } from './running-gateway.ts';

afterEach(close);

test('a WebSocket is opened, talks, and is closed', async () => {
  const { connections } = await start(speaksWebSocket);
  const url = `ws://127.0.0.1:${gateway.port}/orders/1.0.0/chat?room=1`;
  const client = new WebSocket(url, ['chat.v1', 'chat.v2']);
  const heard: unknown[] = [];
  client.addEventListener('open', () => client.send('hello'));
  client.addEventListener('message', ({ data }) => {
    heard.push(data);
    client.close(4000, 'bye');
  });
  const code = await new Promise((closed) => {
    client.addEventListener('close', (event) => closed(event.code));
  });
  expect([heard, code, client.protocol]).toEqual([['hello'], 4000, 'chat.v2']);
  expect(connections[0]?.received).toMatch(/^GET \/v1\/chat\?room=1 HTTP\/1.1\r\n/);
  await until(() => gateway.records.length === 1);
  expect(gateway.records[0]).toMatchObject({ status: 101, aborted: false, path: '/orders/1.0.0/chat' });
});

describe('the handshake', () => {
  test('passes the fields of WebSockets, and writes those of the connection once', async () => {
    const theirs = 'Sec-WebSocket-Extensions: x-a\r\nRateLimit: theirs\r\n\r\n';
    const { connections } = await start(({ socket }) => socket.write(agrees.slice(0, -2) + theirs));
    const client = open(gateway.connect(), 'Sec-WebSocket-Key: abc', 'sec-websocket-protocol: a, b');
    await until(() => client.received.endsWith('\r\n\r\n'));
    const asked = connections[0]?.received ?? '';
    expect(asked).toMatch(
      /^Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: abc\r\nsec-websocket-protocol: a, b\r\n/m,
    );
    expect(asked.match(/^(?:connection|upgrade): .*$/gim)).toEqual([
      'connection: upgrade',
      'upgrade: websocket',
    ]);
    expect(client.received).toMatch(/^HTTP\/1.1 101 Switching Protocols\r\n/);
    expect(client.received.match(/^(?:connection|upgrade): .*$/gim)).toEqual([
      'Connection: Upgrade',
      'Upgrade: websocket',
    ]);
    expect(client.received).toMatch(/^sec-websocket-extensions: x-a\r\n/m);
    expect(client.received).toMatch(/^RateLimit: "subscription";r=499;t=60\r\n/m);
    expect(client.received).toMatch(/^activityid: [\da-f-]{36}\r\n/m);
    expect(client.received).not.toContain('theirs');
  });

  test.each([
    ['403 Forbidden', 'Content-Length: 2\r\n\r\nno', 'no'],
    ['404 Not Found', 'Transfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n', '2\r\nno\r\n0\r\n\r\n'],
    ['426 Upgrade Required', 'Sec-WebSocket-Version: 14\r\nContent-Length: 2\r\n\r\nno', 'no'],
    ['200 OK', 'Content-Length: 2\r\n\r\nok', 'ok'],
  ])(
    'that the backend answers with %s has that answer, and nothing behind it',
    async (status, rest, body) => {
      const begun = await start(({ socket }) => socket.write(`HTTP/1.1 ${status}\r\n${rest}`));
      const smuggled = 'GET /orders/1.0.0/smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
      const client = open().send(smuggled);
      await until(() => client.ended);
      expect(client.received).toMatch(new RegExp(`^HTTP/1.1 ${status}\r\n[^]*Connection: close\r\n`));
      expect(client.received.endsWith(`\r\n\r\n${body}`)).toBe(true);
      expect([begun.requests, gateway.begun]).toEqual([1, 1]);
      expect(begun.connections[0]?.received).not.toContain('smuggled');
    },
  );

  test('that is refused reads and forgets what came behind it, so that the connection can end', async () => {
    const refuse: Speak = ({ socket }) => socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
    await start(refuse, { bounds: { sweepEveryMs: 60_000, connectionsMax: 1 } });
    const client = open().send('x'.repeat(200_000));
    await until(() => client.ended);
    await until(async () => {
      const next = gateway.connect().request('GET /nowhere');
      await until(() => next.ended || next.received !== '');
      return next.received.includes('404');
    });
    expect(gateway.begun).toBe(2);
  });

  test.each([
    ['another protocol', agrees.replace('websocket', 'h2c')],
    ['none', agrees.replace('Upgrade: websocket\r\n', '')],
  ])('is none if the backend changes to %s', async (_, answer) => {
    await start(({ socket }) => socket.write(answer));
    const client = open();
    await until(() => client.ended);
    expect(client.received).toMatch(/^HTTP\/1.1 502 [^]*"code":"101506"/);
  });

  test.each([
    ['by POST', 'POST /orders/1.0.0/chat', opening, ''],
    ['with a body', 'GET /orders/1.0.0/chat', [...opening, 'Content-Length: 2'], 'ok'],
    ['for h2c', 'GET /orders/1.0.0/chat', ['Connection: Upgrade', 'Upgrade: h2c'], ''],
    ['for two protocols', 'GET /orders/1.0.0/chat', ['Connection: Upgrade', 'Upgrade: websocket, h2c'], ''],
    ['at an HTTP API', 'GET /plain/1.0.0/chat', opening, ''],
  ])('%s is not supported', async (_, line, fields, body) => {
    const begun = await start(echoes);
    const client = gateway
      .connect()
      .request(line, ...fields)
      .send(body);
    await until(() => client.ended);
    expect(client.received).toMatch(/^HTTP\/1.1 501 [^]*Connection: close\r\n[^]*"code":"908009"/);
    expect([begun.requests, gateway.seen.length]).toEqual([0, 0]);
  });

  test.each([
    ['no Upgrade', '1.1', []],
    ['an Upgrade that Connection does not name', '1.1', ['Upgrade: websocket']],
    ['HTTP/1.0', '1.0', opening],
  ])('is what a WebSocket API asks for: %s is none', async (_, version, fields) => {
    const begun = await start(echoes);
    const client = gateway.connect();
    client.send(`GET /orders/1.0.0/chat HTTP/${version}`, 'Host: a', ...fields, '', '');
    await until(() => client.received.includes('"code":"908012"'));
    expect(client.received).toMatch(/^HTTP\/1.1 426 [^]*Upgrade: websocket\r\nConnection: Upgrade\r\n/);
    expect(begun.requests).toBe(0);
  });

  test('is charged once, and a refused one never reaches the backend', async () => {
    const begun = await start(echoes);
    let charged = 0;
    gateway.decide = (charges) => {
      charged += 1;
      const verdict = admitAll(charges);
      const [refused] = verdict.standings;
      if (charged === 1 || refused === undefined) return verdict;
      return { ...verdict, admitted: false, refused, because: 'over-limit' };
    };
    const first = await opened();
    first.send('one').send('two');
    await until(() => first.received === 'onetwo');
    expect(charged).toBe(1);
    const second = open().send('GET /plain/1.0.0/x HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => second.ended);
    expect(second.received).toMatch(/^HTTP\/1.1 429 /);
    expect([begun.requests, gateway.begun, gateway.seen.length]).toEqual([1, 2, 0]);
  });

  test('may be behind another request: it waits for its turn', async () => {
    let finish = (): void => {};
    await start(echoes, {
      backend: (_, response) => {
        finish = () => response.end('first');
      },
    });
    const begun = backend;
    const client = gateway.connect().request('GET /plain/1.0.0/x');
    open(client).send('early');
    await until(() => gateway.seen.length === 1 && begun?.requests === 1);
    expect(client.received).toBe('');
    finish();
    await until(() => client.received.endsWith('early'));
    expect(client.received).toMatch(/^HTTP\/1.1 200 [^]*first[^]*HTTP\/1.1 101 [^]*\r\n\r\nearly$/);
  });

  test('that waits for its turn leaves nothing behind when the client goes', async () => {
    const begun = await start(echoes, { backend: () => {} });
    const client = gateway.connect().request('GET /plain/1.0.0/x');
    open(client);
    await until(() => begun.requests === 1);
    client.socket.destroy();
    await until(() => gateway.records.length === 2 && begun.connections[0]?.ended === true);
    expect(gateway.records.map(({ aborted }) => aborted)).toEqual([true, true]);
  });
});

describe('what comes early', () => {
  test('from the client reaches the backend after it has agreed, in order', async () => {
    let agree = (): void => {};
    const { connections } = await start(({ socket, received }) => {
      agree = () => socket.write(agrees);
      if (received.endsWith('end')) socket.write('all');
    });
    const text = Array.from({ length: 40_000 }, (_, at) => `${at},`).join('');
    const client = open();
    await until(() => connections[0]?.received.endsWith('\r\n\r\n') === true);
    const head = connections[0]?.received ?? '';
    client.send(text).send('end');
    // Whatever passes through the gateway before it is asked this would have passed.
    const other = gateway.connect().request('GET /nowhere');
    await until(() => other.received.includes('404'));
    expect(connections[0]?.received).toBe(head);
    agree();
    await until(() => client.received.endsWith('all'));
    expect(connections[0]?.received === `${head}${text}end`).toBe(true);
    client.socket.destroy();
    await until(() => gateway.records.length === 2);
    expect(gateway.records[1]).toMatchObject({ status: 101, bytesIn: text.length + 3, bytesOut: 3 });
  });

  test('from the backend reaches the client behind the handshake', async () => {
    await start(({ socket }) => socket.write(`${agrees}first`));
    const client = open();
    await until(() => client.received.endsWith('\r\n\r\nfirst'));
  });
});
