import { setImmediate as turn } from 'node:timers/promises';
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
import { ScriptedBody } from '../../test/support/scripted-backend.ts';
import { until } from '../../test/support/until.ts';

afterEach(close);

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
