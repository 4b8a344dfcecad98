import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { ScriptedBackend, ScriptedBody, Told } from '../../test/support/scripted-backend.ts';
import { until } from '../../test/support/until.ts';
import type { BackendCall, BackendRequest } from './backend-call.ts';
import { defaultBackendSettings } from '../config/backends-table.ts';
import type { BackendBounds } from '../config/config.ts';
import { BackendPool } from './backend-pool.ts';
import { originOf } from './origin.ts';

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const headEnd = '\r\n\r\n';

let backend: ScriptedBackend;
let pool: BackendPool;
let clock: FakeClock;

async function start(
  speak?: Parameters<typeof ScriptedBackend.start>[0],
  bounds: Partial<BackendBounds> = {},
): Promise<void> {
  backend = await ScriptedBackend.start(speak);
  poolTo(backend.url, bounds);
}

/** Its time stands still, and its turns are the machine's. */
class PoolClock extends FakeClock {
  override atEndOfTurn(run: () => void): void {
    setImmediate(run);
  }
}

function poolTo(url: string, bounds: Partial<BackendBounds> = {}): void {
  clock = new PoolClock();
  pool = new BackendPool(originOf(url, defaultBackendSettings.tls), clock, {
    ...defaultBackendSettings.bounds,
    ...bounds,
  });
}

function send(more: Partial<BackendRequest> = {}): Told & { call: BackendCall } {
  const told = new Told();
  const call = pool.send({ method: 'GET', path: '/x', fields: ['A', '1'], body: undefined, ...more }, told);
  return Object.assign(told, { call });
}

async function answered(more: Partial<BackendRequest> = {}): Promise<Told> {
  const told = send(more);
  await until(() => told.over);
  return told;
}

function received(at = 0): string {
  return backend.connections[at]?.received ?? '';
}

/** Answers each request without a body. */
function answerAll({
  socket,
  received,
}: {
  socket: { write(text: string): unknown };
  received: string;
}): void {
  if (received.endsWith(headEnd)) socket.write(ok);
}

afterEach(() => {
  pool.close();
  backend.close();
});

describe('a request', () => {
  test('has its line, the host of its origin, its fields, and nothing else', async () => {
    await start(answerAll);
    const told = await answered();
    const host = backend.url.replace('http://', '');
    expect(received()).toBe(`GET /x HTTP/1.1\r\nhost: ${host}\r\nA: 1\r\n\r\n`);
    expect([told.events, told.body]).toEqual([['200', 'end'], 'ok']);
    expect(told.fields).toEqual([['content-length', '2']]);
  });

  test('tells that it has no body where one is usual', async () => {
    await start(answerAll);
    await answered({ method: 'POST' });
    expect(received()).toContain('\r\ncontent-length: 0\r\n');
  });

  const long = 'x'.repeat(5000);
  test.each<[string, number | 'unknown', readonly string[], string]>([
    ['of known length', 10, ['hello', 'world'], `${headEnd}helloworld`],
    ['that is large', 10_000, [long, long], `${headEnd}${long}${long}`],
    ['in chunks', 'unknown', ['hello', 'you'], `${headEnd}5\r\nhello\r\n3\r\nyou\r\n0\r\n\r\n`],
    ['in large chunks', 'unknown', ['a', long, 'b'], `a\r\n1388\r\n${long}\r\n1\r\nb\r\n0\r\n\r\n`],
  ])('carries a body %s, whether it is there or comes later', async (_, length, pieces, end) => {
    await start(({ socket, received }) => {
      if (received.endsWith(end)) socket.write(ok);
    });
    expect((await answered({ method: 'PUT', body: new ScriptedBody(length, pieces) })).body).toBe('ok');
    const body = new ScriptedBody(length, pieces.slice(0, 1), 'goes on');
    const late = send({ method: 'PUT', body });
    await until(() => backend.requests === 2);
    for (const piece of pieces.slice(1)) body.give(piece);
    body.end();
    await until(() => late.over);
    expect(received().split('transfer-encoding: chunked').length - 1).toBe(length === 'unknown' ? 2 : 0);
    expect(backend.connections).toHaveLength(1);
  });

  test('is held back while the backend takes no more of its body, and goes on then', async () => {
    const size = 20_000_003;
    await start(({ socket }) => {
      if (socket.bytesRead > size) socket.write(ok);
    });
    const body = new ScriptedBody(size, [], 'goes on');
    const told = send({ method: 'POST', body });
    await until(() => backend.connections.length === 1);
    backend.connections[0]?.socket.pause();
    const piece = 'x'.repeat(1_000_000);
    for (let given = 0; given < 20; given += 1) body.give(piece);
    expect(body.takesMore).toBe(false);
    expect(body.resumed).toBe(0);
    backend.connections[0]?.socket.resume();
    await until(() => body.resumed > 0);
    body.give('end');
    body.end();
    await until(() => told.over);
    expect(told.events).toEqual(['200', 'end']);
  });
});

describe('an answer', () => {
  test('pauses when its receiver wants no more, and goes on when it does', async () => {
    const size = 8_000_000;
    await start(({ socket }) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
      socket.write('x'.repeat(size));
    });
    const told = send();
    told.takesMore = false;
    await until(() => told.body.length > 0);
    const before = told.body.length;
    for (let turns = 0; turns < 20; turns += 1) await turn();
    await clock.advance(200_000);
    expect([told.body.length, told.over]).toEqual([before, false]);
    told.takesMore = true;
    told.call.resume();
    await until(() => told.over);
    expect(told.body).toHaveLength(size);
  });

  test('that ends with its connection is complete', async () => {
    await start(({ socket }) => socket.end('HTTP/1.1 200 OK\r\n\r\nhello'));
    const told = await answered();
    expect([told.events, told.body]).toEqual([['200', 'end'], 'hello']);
  });

  test.each([
    ['within its length', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello'],
    ['within its chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'],
  ])('whose connection ends %s is broken', async (_, bytes) => {
    await start(({ socket }) => socket.end(bytes));
    expect((await answered()).events).toEqual(['200', 'broken!']);
  });

  test('before the whole body was sent counts; the rest of the body stays away, and so do other requests', async () => {
    await start(({ socket }) => socket.write(ok));
    const body = new ScriptedBody(100, ['half'], 'goes on');
    expect((await answered({ method: 'POST', body })).events).toEqual(['200', 'end']);
    expect(body.stopped).toBe(true);
    await answered();
    expect(backend.connections).toHaveLength(2);
    await until(() => backend.connections[0]?.ended === true);
  });
});

describe('a connection', () => {
  test('is used again, the last one first', async () => {
    await start(answerAll);
    await Promise.all([answered(), answered(), answered()]);
    for (let times = 0; times < 5; times += 1) await answered();
    expect([backend.connections.length, backend.requests]).toEqual([3, 8]);
    const counts = backend.connections.map(({ received }) => received.split('GET').length - 1);
    expect(counts.toSorted((a, b) => a - b)).toEqual([1, 1, 6]);
  });

  test.each([
    ['says close', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n', 'GET'],
    ['is of HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n', 'GET'],
    ['has bytes behind it', `${ok}HTTP/1.1 200 OK\r\n`, 'GET'],
    ['is to HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', 'HEAD'],
    ['gives it a second', 'HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 0\r\n\r\n', 'GET'],
  ])('is not used again after an answer that %s', async (_, bytes, method) => {
    await start(({ socket }) => socket.write(bytes));
    expect((await answered({ method })).events).toEqual(['200', 'end']);
    expect((await answered({ method })).events).toEqual(['200', 'end']);
    expect(backend.connections).toHaveLength(2);
  });

  test('is closed by bytes that nobody asked for: they never become an answer', async () => {
    await start(answerAll);
    await answered();
    backend.connections[0]?.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil');
    await until(() => backend.connections[0]?.ended === true);
    expect((await answered()).body).toBe('ok');
    expect(backend.connections).toHaveLength(2);
  });

  test.each([
    ['4 s', '', 4000],
    ['what the backend says less a second', 'Keep-Alive: max=9, timeout=20\r\n', 19_000],
  ])('may be idle for %s', async (_, field, idleMsMax) => {
    await start(({ socket }) => socket.write(`HTTP/1.1 200 OK\r\n${field}Content-Length: 0\r\n\r\n`));
    await answered();
    await clock.advance(idleMsMax - 500);
    expect((await answered()).events).toEqual(['200', 'end']);
    expect(backend.connections).toHaveLength(1);
    await clock.advance(idleMsMax + 500);
    await until(() => backend.connections[0]?.ended === true);
    await answered();
    expect(backend.connections).toHaveLength(2);
  });

  test('that changed its protocol is its receiver’s, and counts until it closes', async () => {
    await start(
      ({ socket, received }) => {
        if (received.endsWith(headEnd))
          socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nfirst');
        else socket.write(`echo ${received.slice(-4)}`);
      },
      { connectionsMax: 1 },
    );
    const told = await answered({ upgrade: 'x' });
    expect([told.events, told.body]).toEqual([['switched'], 'first']);
    expect(received()).toContain('\r\nconnection: upgrade\r\nupgrade: x\r\n');
    let heard = '';
    told.socket?.setEncoding('latin1').on('data', (text: string) => {
      heard += text;
    });
    told.socket?.resume();
    const next = send({ upgrade: 'x' });
    told.socket?.write('ping');
    await until(() => heard === 'echo ping');
    await clock.advance(1000);
    expect(backend.connections).toHaveLength(1);
    told.socket?.destroy();
    await until(() => next.over);
    expect(next.events).toEqual(['switched']);
  });
});

describe('a connection that breaks', () => {
  /** Answers the first request of the first connection and ends it at the second; later connections work. */
  function breaking(how: 'reset' | 'end') {
    return (arrival: ScriptedBackend['connections'][number]): void => {
      const { socket, received } = arrival;
      const isSecond = received.split('HTTP/1.1\r\n').length > 2;
      if (!isSecond) socket.write(ok);
      else if (how === 'reset') socket.resetAndDestroy();
      else socket.destroy();
    };
  }

  test.each(['GET', 'HEAD', 'OPTIONS'])('by a reset sends %s again, on a new one', async (method) => {
    await start(breaking('reset'));
    await answered();
    expect((await answered({ method })).events).toEqual(['200', 'end']);
    expect([backend.connections.length, backend.requests]).toEqual([2, 3]);
  });

  test.each<[string, 'reset' | 'end', Partial<BackendRequest>]>([
    ['by a clean end: it may have been read', 'end', {}],
    ['by a reset under a method that changes something', 'reset', { method: 'DELETE' }],
    ['by a reset under a body', 'reset', { method: 'GET', body: new ScriptedBody(2, ['ab']) }],
  ])('%s fails its request, which is never sent again', async (_, how, request) => {
    await start(breaking(how));
    await answered();
    expect((await answered(request)).events).toEqual(['broken!']);
    expect([backend.connections.length, backend.requests]).toEqual([1, 2]);
  });

  test('by a reset at its first request fails it, which is never sent again', async () => {
    await start(({ socket }) => socket.resetAndDestroy());
    expect((await answered()).events).toEqual(['broken!']);
    expect(backend.requests).toBe(1);
  });

  test('by a reset twice fails its request', async () => {
    await start(({ socket, received }) => {
      if (backend.connections.length === 1 && received.split('HTTP/1.1\r\n').length === 2) socket.write(ok);
      else socket.resetAndDestroy();
    });
    await answered();
    expect((await answered()).events).toEqual(['broken!']);
    expect([backend.connections.length, backend.requests]).toEqual([2, 3]);
  });

  test('after a byte of the answer fails its request', async () => {
    await start(({ socket, received }) => {
      if (received.split('HTTP/1.1\r\n').length === 2) socket.write(ok);
      else socket.write('H', () => socket.resetAndDestroy());
    });
    await answered();
    expect((await answered()).events).toEqual(['broken!']);
    expect(backend.requests).toBe(2);
  });

  test.each<[string, number | 'unknown']>([
    ['of known length', 2],
    ['in chunks', 'unknown'],
  ])('before anything was written loses nothing, not even a body %s', async (_, length) => {
    await start(({ socket, received }) => {
      if (/\r\n\r\n$|ab$/.test(received)) socket.write(ok);
    });
    await answered();
    // This process hasn't heard of the reset when it writes, and its kernel has.
    backend.connections[0]?.socket.resetAndDestroy();
    const told = await answered({ method: 'POST', body: new ScriptedBody(length, ['a', 'b']) });
    expect(told.events).toEqual(['200', 'end']);
    expect([backend.connections.length, backend.requests]).toEqual([2, 2]);
    expect(received(1).split(headEnd)[1]).toBe(length === 2 ? 'ab' : '1\r\na\r\n1\r\nb\r\n0');
  });
});

describe('waiting', () => {
  test('ends in order of arrival, as connections become free', async () => {
    await start(undefined, { connectionsMax: 1 });
    const all = ['/a', '/b', '/c'].map((path) => send({ path }));
    for (const [at, path] of ['/a', '/b', '/c'].entries()) {
      await until(() => received().includes(`GET ${path} `));
      expect(backend.requests).toBe(at + 1);
      backend.connections[0]?.socket.write(ok);
      await until(() => all[at]?.over === true);
    }
    expect(backend.connections).toHaveLength(1);
  });

  test('is for so many; who comes then is told at once', async () => {
    await start(undefined, { connectionsMax: 1, waitingMax: 1 });
    const body = new ScriptedBody(1, ['x']);
    const [running, waiting, refused] = [send(), send(), send({ method: 'POST', body })];
    expect([running.events, waiting.events, refused.events]).toEqual([[], [], ['busy!']]);
    expect(body.stopped).toBe(true);
  });

  test('has its end', async () => {
    await start(undefined, { connectionsMax: 1, waitMsMax: 2000 });
    send();
    await until(() => backend.requests === 1);
    const waiting = send();
    await clock.advance(1900);
    expect(waiting.events).toEqual([]);
    await clock.advance(1200);
    expect(waiting.events).toEqual(['busy!']);
  });

  test('given up never reaches the backend', async () => {
    await start(undefined, { connectionsMax: 1 });
    const running = send({ path: '/a' });
    const body = new ScriptedBody(1, ['x']);
    const impatient = send({ path: '/b', method: 'POST', body });
    const patient = send({ path: '/c' });
    await until(() => backend.requests === 1);
    impatient.call.abort();
    backend.connections[0]?.socket.write(ok);
    await until(() => running.over && backend.requests === 2);
    expect(received()).not.toContain('/b');
    expect([impatient.events, body.stopped]).toEqual([[], true]);
    patient.call.abort();
  });

  test('for a connection that can’t be had fails each who waits', async () => {
    await start();
    poolTo('http://127.0.0.1:1', { connectionsMax: 2 });
    const all = [send(), send(), send(), send(), send()];
    await until(() => all.every(({ over }) => over));
    expect(all.map(({ events }) => events)).toEqual(all.map(() => ['unreachable!']));
  });

  test('for a connection has its end too, and then it is the next one’s turn', async () => {
    await start();
    // It accepts and never speaks TLS.
    poolTo(backend.url.replace('http:', 'https:'), { connectMsMax: 1000, connectionsMax: 1 });
    const [first, second] = [send(), send()];
    await until(() => backend.connections.length === 1);
    await clock.advance(1500);
    expect([first.events, second.events]).toEqual([['connect-deadline!'], []]);
    await until(() => backend.connections.length === 2);
    await clock.advance(1500);
    expect(second.events).toEqual(['connect-deadline!']);
  });

  test('goes on over the connections of others that break', async () => {
    await start(({ socket }) => socket.destroy(), { connectionsMax: 2 });
    const all = Array.from({ length: 7 }, () => send());
    await until(() => all.every(({ over }) => over));
    expect(all.map(({ events }) => events)).toEqual(all.map(() => ['broken!']));
    expect(backend.requests).toBe(7);
  });
});

describe('a backend that is silent', () => {
  test('before its head is given up, trickling or not', async () => {
    await start(undefined, { headMsMax: 4000 });
    const told = send();
    await until(() => backend.requests === 1);
    const hint = 'HTTP/1.1 103 Early Hints\r\n\r\n';
    backend.connections[0]?.socket.write(hint);
    await until(() => told.events.length === 1);
    await clock.advance(3900);
    backend.connections[0]?.socket.write(`${hint}HTTP/1.1 200`);
    await until(() => told.events.length === 2);
    await clock.advance(1200);
    expect(told.events).toEqual(['103?', '103?', 'silent!']);
    await until(() => backend.connections[0]?.ended === true);
  });

  test('within a body is given up; one that moves is not', async () => {
    await start(undefined, { bodyIdleMsMax: 4000 });
    const told = send();
    await until(() => backend.requests === 1);
    backend.connections[0]?.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n');
    for (let pieces = 1; pieces <= 3; pieces += 1) {
      backend.connections[0]?.socket.write('x');
      await until(() => told.body.length === pieces);
      await clock.advance(3000);
    }
    expect(told.events).toEqual(['200']);
    await clock.advance(2000);
    expect(told.events).toEqual(['200', 'silent!']);
  });
});

describe('giving up', () => {
  test('a running request closes its connection, and stops its body', async () => {
    await start();
    const body = new ScriptedBody(10, ['half'], 'goes on');
    const told = send({ method: 'POST', body });
    await until(() => backend.requests === 1);
    told.call.abort();
    await until(() => backend.connections[0]?.ended === true);
    expect([told.events, body.stopped]).toEqual([[], true]);
  });

  test('the pool fails everybody, and whoever comes later', async () => {
    await start(undefined, { connectionsMax: 1 });
    const [running, waiting] = [send(), send()];
    await until(() => backend.requests === 1);
    pool.close();
    expect([running.events, waiting.events, send().events]).toEqual([
      ['broken!'],
      ['unreachable!'],
      ['unreachable!'],
    ]);
  });
});
