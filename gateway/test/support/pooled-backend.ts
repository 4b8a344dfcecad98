import { FakeClock } from './fake-clock.ts';
import { ScriptedBackend, Told } from './scripted-backend.ts';
import { until } from './until.ts';
import type { BackendCall, BackendRequest } from '../../src/backends/backend-call.ts';
import { defaultBackendSettings } from '../../src/config/backends-table.ts';
import type { BackendBounds } from '../../src/config/config.ts';
import { BackendPool } from '../../src/backends/backend-pool.ts';
import { originOf } from '../../src/backends/origin.ts';

export const ok: string = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
export const headEnd: string = '\r\n\r\n';

/** A pool before a backend that speaks in bytes; one at a time, made by `start` and ended by `close`. */
export let backend: ScriptedBackend;
export let pool: BackendPool;
export let clock: FakeClock;

export async function start(
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

export function poolTo(url: string, bounds: Partial<BackendBounds> = {}): void {
  clock = new PoolClock();
  pool = new BackendPool(originOf(url, defaultBackendSettings.tls), clock, {
    ...defaultBackendSettings.bounds,
    ...bounds,
  });
}

export function send(more: Partial<BackendRequest> = {}): Told & { call: BackendCall } {
  const told = new Told();
  const call = pool.send({ method: 'GET', path: '/x', fields: ['A', '1'], body: undefined, ...more }, told);
  return Object.assign(told, { call });
}

export async function answered(more: Partial<BackendRequest> = {}): Promise<Told> {
  const told = send(more);
  await until(() => told.over);
  return told;
}

export function received(at = 0): string {
  return backend.connections[at]?.received ?? '';
}

/** Answers each request without a body. */
export function answerAll({
  socket,
  received,
}: {
  socket: { write(text: string): unknown };
  received: string;
}): void {
  if (received.endsWith(headEnd)) socket.write(ok);
}

export function close(): void {
  pool.close();
  backend.close();
}
