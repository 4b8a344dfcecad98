import { afterEach, describe, expect, test } from 'vitest';
import {
  close,
  answerAll,
  answered,
  backend,
  clock,
  headEnd,
  ok,
  received,
  send,
  start,
} from '../../test/support/pooled-backend.ts';
import { type ScriptedBackend, ScriptedBody } from '../../test/support/scripted-backend.ts';
import { until } from '../../test/support/until.ts';
import type { BackendRequest } from './backend-call.ts';

afterEach(close);

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
