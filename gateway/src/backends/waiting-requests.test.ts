import { afterEach, describe, expect, test } from 'vitest';
import {
  close,
  backend,
  clock,
  ok,
  pool,
  poolTo,
  received,
  send,
  start,
} from '../../test/support/pooled-backend.ts';
import { ScriptedBody } from '../../test/support/scripted-backend.ts';
import { until } from '../../test/support/until.ts';

afterEach(close);

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
