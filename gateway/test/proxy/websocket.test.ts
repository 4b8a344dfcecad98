import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { ScriptedBackend } from '../support/scripted-backend.ts';
import { until } from '../support/until.ts';
import { admitAll, RunningGateway, type GatewaySetup, type RawClient } from './running-gateway.ts';
import { backendAt, operationOf, sampleApi, sampleConfig } from './sample.ts';

const mebibyte = 1024 * 1024;
const agrees = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

let gateway: RunningGateway;
let backend: ScriptedBackend | undefined;

afterEach(async () => {
  await gateway.close();
  backend?.close();
  backend = undefined;
});

/** A gateway with a WebSocket API, /orders/1.0.0, before a backend that speaks in bytes, and an HTTP API, /plain/1.0.0. */
async function start(speak: Speak, setup: GatewaySetup = {}): Promise<ScriptedBackend> {
  const begun = await ScriptedBackend.start(speak);
  backend = begun;
  const more = { operations: [operationOf('/*', '*', { open: true })] };
  const backends = { PRODUCTION: backendAt(`${begun.url}/v1`) };
  const api = sampleApi({ ...more, backends, webSocket: true });
  const config: GatewaySetup['config'] = (url) => {
    const plain = { name: 'Plain', context: '/plain', basePaths: ['/plain/1.0.0'] };
    const http = sampleApi({ ...more, ...plain, backends: { PRODUCTION: backendAt(url) } });
    return sampleConfig({ apis: [api, http], applications: [] });
  };
  gateway = await RunningGateway.start({ config, ...setup });
  return begun;
}

type Speak = (arrival: ScriptedBackend['connections'][number]) => void;

const opening = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];

function open(client: RawClient = gateway.connect(), ...fields: readonly string[]): RawClient {
  return client.request('GET /orders/1.0.0/chat', ...opening, ...fields);
}

async function opened(): Promise<RawClient> {
  const client = open();
  await until(() => client.received.includes('\r\n\r\n'));
  client.received = '';
  return client;
}

/** Agrees, and sends back whatever follows. */
function echoes({ socket, received }: Parameters<Speak>[0]): void {
  if (!received.endsWith('\r\n\r\n')) return;
  socket.removeAllListeners('data');
  socket.write(agrees);
  socket.pipe(socket);
}

/** What a real server does: the handshake of RFC 6455, and each text frame sent back. */
function speaksWebSocket(arrival: Parameters<Speak>[0]): void {
  const { socket, received } = arrival;
  const headEnd = received.indexOf('\r\n\r\n') + 4;
  if (headEnd === 3) return;
  const key = /sec-websocket-key: (\S+)/i.exec(received)?.[1] ?? '';
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  const fields = `Sec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: chat.v2\r\n`;
  if (received.length === headEnd) return void socket.write(`${agrees.slice(0, -2)}${fields}\r\n`);
  const frame = Buffer.from(received.slice(headEnd), 'latin1');
  arrival.received = received.slice(0, headEnd);
  const length = frame[1]! & 127;
  const payload = frame.subarray(6, 6 + length).map((octet, at) => octet ^ frame[2 + (at % 4)]!);
  socket.write(Buffer.concat([Buffer.from([frame[0]!, length]), payload]));
  if ((frame[0]! & 15) === 8) socket.end();
}

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

describe('a tunnel', () => {
  test('flows at the pace of the slower side, both ways', async () => {
    const block = Buffer.alloc(mebibyte, 'sluice');
    const begun = await start(({ socket, received }) => {
      if (!received.endsWith('\r\n\r\n')) return;
      socket.removeAllListeners('data').pause().write(agrees);
    });
    const client = await opened();
    client.socket.removeAllListeners('data').pause();
    const server = begun.connections[0]!.socket;
    const pumps = [pump(client.socket, block), pump(server, block)];
    await until(() => pumps.every(({ still }) => still() > 40), 20_000);
    for (const { sent } of pumps) expect(sent()).toBeLessThan(40 * mebibyte);
    expect(process.memoryUsage().arrayBuffers).toBeLessThan(128 * mebibyte);
    let [up, down] = [0, 0];
    server.on('data', (bytes) => (up += bytes.length));
    client.socket.on('data', (bytes) => (down += bytes.length));
    server.resume();
    client.socket.resume();
    await until(() => up > 64 * mebibyte && down > 64 * mebibyte, 30_000);
    client.socket.destroy();
    await until(() => gateway.records.length === 1);
    expect(gateway.records[0]?.bytesIn).toBeGreaterThanOrEqual(up);
    expect(gateway.records[0]?.bytesOut).toBeGreaterThanOrEqual(down);
  }, 60_000);

  test('whose client says its end still brings it what the backend has to say', async () => {
    const begun = await start(({ socket, received }) => {
      if (received.endsWith('\r\n\r\n')) socket.write(agrees);
    });
    const client = await opened();
    const server = begun.connections[0]!.socket;
    let ended = false;
    server.on('end', () => (ended = true));
    server.allowHalfOpen = true;
    client.socket.end('last');
    await until(() => ended);
    expect(begun.connections[0]?.received.endsWith('last')).toBe(true);
    server.end('answer');
    await until(() => client.ended);
    expect(client.received).toBe('answer');
    await until(() => gateway.records.length === 1);
    expect(gateway.records[0]).toMatchObject({ status: 101, aborted: false, bytesIn: 4, bytesOut: 6 });
  });

  test('whose backend says its end brings it what the client still says, and no more when that stands still', async () => {
    const begun = await start(
      ({ socket, received }) => {
        if (received.endsWith('\r\n\r\n')) socket.write(agrees);
      },
      { bounds: { sweepEveryMs: 100 } },
    );
    const client = gateway.connect();
    client.socket.allowHalfOpen = true;
    open(client);
    await until(() => client.received.includes('\r\n\r\n'));
    const [arrival] = begun.connections;
    let ended = false;
    client.socket.on('end', () => (ended = true));
    arrival!.socket.end('last');
    await until(() => ended);
    expect(client.received.endsWith('last')).toBe(true);
    client.send('answer');
    await until(() => arrival?.received.endsWith('answer') === true);
    await until(() => gateway.records.length === 1 && arrival?.ended === true);
  });

  test.each(['client', 'backend'] as const)('ends when the %s breaks off', async (side) => {
    const begun = await start(echoes);
    const client = await opened();
    const [arrival] = begun.connections;
    const socket: Socket = side === 'client' ? client.socket : arrival!.socket;
    socket.resetAndDestroy();
    await until(() => client.ended && arrival?.ended === true && gateway.records.length === 1);
    expect(gateway.records[0]).toMatchObject({ status: 101, aborted: false });
  });

  test('may stand still for so long, in both directions together', async () => {
    const begun = await start(echoes, { bounds: { tunnelIdleMsMax: 500, idleMsMax: 50, headMsMax: 50 } });
    const client = await opened();
    for (let times = 0; times < 6; times += 1) {
      const wanted = 'ping'.repeat(times + 1);
      await new Promise((later) => setTimeout(later, 100));
      client.send('ping');
      await until(() => client.received === wanted);
    }
    expect(client.ended).toBe(false);
    await until(() => client.ended && begun.connections[0]?.ended === true);
  });

  test('ends at the deadline of a drain, and is recorded', async () => {
    const begun = await start(echoes);
    const client = await opened();
    const draining = gateway.drain(300);
    client.send('still');
    await until(() => client.received === 'still');
    await draining;
    await until(() => client.ended && begun.connections[0]?.ended === true && gateway.records.length === 1);
    expect(gateway.records[0]).toMatchObject({ status: 101, bytesIn: 5, bytesOut: 5 });
  });

  test('counts among the connections to its backend, until it ends', async () => {
    const begun = await start(echoes, { backendBounds: { connectionsMax: 50 } });
    for (let round = 0; round < 20; round += 1) {
      const clients = Array.from({ length: 60 }, () => open());
      const isOpen = ({ received }: RawClient): boolean => received.startsWith('HTTP/1.1 101 ');
      await until(() => clients.filter(isOpen).length === 50);
      const alive = begun.connections.filter(({ ended }) => !ended).length;
      expect(alive).toBe(50);
      for (const client of clients.filter(isOpen)) client.socket.end();
      await until(() => clients.every((client) => isOpen(client)));
      for (const client of clients) client.socket.end();
      await until(() => begun.connections.every(({ ended }) => ended));
    }
    await until(() => gateway.records.length === 1200);
    expect(gateway.records.every(({ status, aborted }) => status === 101 && !aborted)).toBe(true);
  });
});

/** Writes as much as goes; tells how much that was, and for how many looks it has stood still. */
function pump(socket: Socket, block: Buffer) {
  let [sent, seen, stillFor] = [0, 0, 0];
  const write = (): void => {
    do sent += block.length;
    while (socket.write(block));
  };
  socket.on('drain', write);
  write();
  const still = (): number => {
    stillFor = sent === seen ? stillFor + 1 : 0;
    seen = sent;
    return stillFor;
  };
  return { sent: () => sent, still };
}
