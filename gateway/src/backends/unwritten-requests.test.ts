import { afterEach, expect, test } from 'vitest';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { ScriptedBackend, ScriptedBody, Told } from '../../test/support/scripted-backend.ts';
import { until } from '../../test/support/until.ts';
import { defaultBackendSettings } from '../config/backends-table.ts';
import { BackendPool } from './backend-pool.ts';
import { originOf } from './origin.ts';

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

let backend: ScriptedBackend;
let pool: BackendPool;
let clock: FakeClock;

/** A pool with one idle connection, and a POST that is given to it and waits for the end of the turn. */
async function unwritten(body?: ScriptedBody): Promise<Told> {
  backend = await ScriptedBackend.start();
  clock = new FakeClock();
  const { tls, bounds } = defaultBackendSettings;
  pool = new BackendPool(originOf(backend.url, tls), clock, bounds);
  const before = send('GET');
  await until(() => backend.connections.length === 1);
  await untilReceived(0, 'GET');
  backend.connections[0]?.socket.write(ok);
  await until(() => before.over);
  return send('POST', body);
}

function send(method: string, body?: ScriptedBody): Told {
  const told = new Told();
  pool.send({ method, path: '/x', fields: [], body }, told);
  return told;
}

/** Turns end until the backend has it. */
async function untilReceived(connection: number, text: string): Promise<void> {
  while (backend.connections[connection]?.received.includes(text) !== true) {
    await clock.turn();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

afterEach(() => {
  pool.close();
  backend.close();
});

test.each([
  ['speaks first', (): unknown => backend.connections[0]?.socket.write(ok)],
  ['ends', (): unknown => backend.connections[0]?.socket.end()],
  ['is reset', (): unknown => backend.connections[0]?.socket.resetAndDestroy()],
])('a request goes to another connection when its own %s before it is written', async (_, trouble) => {
  const told = await unwritten(new ScriptedBody(5, ['hello']));
  trouble();
  await until(() => backend.connections.length === 2);
  await untilReceived(1, '\r\n\r\nhello');
  expect(backend.connections[0]?.received).not.toContain('POST');
  backend.connections[1]?.socket.write(ok);
  await until(() => told.over);
  expect([told.events, told.body]).toEqual([['200', 'end'], 'ok']);
});

test('a request whose body has more to come fails then: its source can not be read again', async () => {
  const told = await unwritten(new ScriptedBody(10, ['hello'], 'goes on'));
  backend.connections[0]?.socket.end();
  await until(() => told.over);
  expect(told.events).toEqual(['broken!']);
  expect(backend.connections[0]?.received).not.toContain('POST');
});

test('what comes of a body in the same turn leaves behind its head', async () => {
  const body = new ScriptedBody('unknown', ['hello'], 'goes on');
  await unwritten(body);
  body.give('world');
  body.end();
  await untilReceived(0, '0\r\n\r\n');
  expect(backend.connections[0]?.received).toMatch(/POST .*\r\n\r\n5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n$/s);
});
