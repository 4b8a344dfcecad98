import { MessageChannel } from 'node:worker_threads';
import { expect, test } from 'vitest';
import type { Claim, GatewayId } from '../../src/limits/claim.ts';
import { counterKey } from '../../src/limits/counter-key.ts';
import { StoreError } from '../../src/limits/counter-store.ts';
import type { FixedWindow } from '../../src/limits/limit.ts';
import { MemoryStore } from '../../src/stores/memory-store.ts';
import { StoreForThreads } from '../../src/stores/threads/store-for-threads.ts';
import { ThreadStore } from '../../src/stores/threads/thread-store.ts';
import { StoreEar } from '../support/store-ear.ts';
import { connectThread } from '../support/threads.ts';
import { until } from '../support/until.ts';
import { describeCounterStore } from './counter-store-contract.ts';

const minute: FixedWindow = { kind: 'fixed-window', quota: 5, windowMs: 60_000, starts: 'first-request' };
const key = counterKey('thread', minute, ['subject']);
const claim = (gateway: string): Claim => {
  return { key, limit: minute, gateway: gateway as GatewayId, seq: 1, held: 0, want: 2, atLeast: 0 };
};
const bugs: unknown[] = [];
const memory = (gateways: number): MemoryStore =>
  new MemoryStore({ nowMs: () => 5000, gateways: () => gateways, ledgersMax: 1 });

describeCounterStore('threads', () => {
  let nowMs = 0;
  const under = new MemoryStore({ nowMs: () => nowMs, gateways: () => 2, ledgersMax: 100 });
  const { store } = connectThread(under);
  return Promise.resolve({ store, setTime: (time: number) => (nowMs = time) });
});

test('threads share one count, and each counts as a gateway for every gateway there is', async () => {
  const served = new StoreForThreads(4, (bug) => bugs.push(bug));
  const store = memory(3);
  const [one, two] = [connectThread(store, served), connectThread(store, served)];
  expect(await one.store.settle([claim('one')])).toMatchObject([{ granted: 2, used: 2, gateways: 12 }]);
  expect(await two.store.settle([claim('two')])).toMatchObject([{ granted: 2, used: 4, gateways: 12 }]);
  await Promise.all([one.store.close(), two.store.close()]);
  expect(bugs).toEqual([]);
});

test('what a store tells by itself reaches every thread, and its last count one that comes later', async () => {
  const served = new StoreForThreads(2, (bug) => bugs.push(bug));
  const one = connectThread(memory(1), served);
  served.gatewaysCounted(3);
  served.lossSuspected();
  await until(() => one.ear.losses === 1);
  expect(one.ear.gateways).toBe(6);
  const later = connectThread(memory(1), served);
  await until(() => later.ear.gateways === 6);
  expect(later.ear.losses).toBe(0);
  await Promise.all([one.store.close(), later.store.close()]);
});

test('a store that fails says so to the thread that asked', async () => {
  const { store } = connectThread(memory(1));
  await store.settle([claim('one')]);
  const other = { ...claim('one'), key: counterKey('thread', minute, ['other']) };
  await expect(store.settle([other])).rejects.toThrow('the counters of this process: the store is full');
  await store.close();
});

test('a port that closes fails what is owed and all that follows', async () => {
  const { port1, port2 } = new MessageChannel();
  const silent = new ThreadStore({ port: port2, events: new StoreEar() });
  const owed = silent.settle([claim('one')]).catch((error: unknown) => error);
  port1.close();
  expect(await owed).toBeInstanceOf(StoreError);
  await expect(silent.settle([claim('one')])).rejects.toThrow(StoreError);
  await expect(silent.read([key])).rejects.toThrow(StoreError);
});

test('a thread that has ended is told nothing more', async () => {
  const served = new StoreForThreads(2, (bug) => bugs.push(bug));
  const gone = connectThread(memory(1), served);
  await gone.store.close();
  await until(() => !gone.far.hasRef());
  served.gatewaysCounted(1);
  expect(bugs).toEqual([]);
});
