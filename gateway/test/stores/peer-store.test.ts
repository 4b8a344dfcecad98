import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Claim, GatewayId } from '../../src/limits/claim.ts';
import { counterKey } from '../../src/limits/counter-key.ts';
import type { FixedWindow } from '../../src/limits/limit.ts';
import { PeerServer } from '../../src/stores/peer/peer-server.ts';
import { PeerStore } from '../../src/stores/peer/peer-store.ts';
import { systemClock } from '../../src/system-clock.ts';
import { StoreEar } from '../support/store-ear.ts';
import { until } from '../support/until.ts';
import { describeCounterStore } from './counter-store-contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-peer-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
let sockets = 0;

const second: FixedWindow = { kind: 'fixed-window', quota: 5, windowMs: 60_000, starts: 'first-request' };
const key = counterKey('peer', second, ['subject']);
const claim = (gateway: string, seq: number): Claim => {
  return { key, limit: second, gateway: gateway as GatewayId, seq, held: 0, want: 1, atLeast: 0 };
};

function newPath(): string {
  sockets += 1;
  return join(folder, `${sockets}.sock`);
}

async function openStore(socketPath: string, gateway: string, events = new StoreEar()): Promise<PeerStore> {
  const store = new PeerStore({
    socketPath,
    gateway: gateway as GatewayId,
    clock: systemClock,
    events,
  });
  await until(async () => (await store.read([]).catch(() => undefined)) !== undefined);
  return store;
}

describeCounterStore('peer', async () => {
  let nowMs = 0;
  const path = newPath();
  const server = await PeerServer.listen(path, () => nowMs);
  const store = await openStore(path, 'contract');
  const close = async (): Promise<void> => {
    await store.close();
    await server.close();
  };
  const closing = {
    settle: store.settle.bind(store),
    read: store.read.bind(store),
    forget: store.forget.bind(store),
  };
  return { store: { ...closing, close }, setTime: (time: number) => (nowMs = time) };
});

test('several gateways share one count, and each is told how many there are', async () => {
  const path = newPath();
  const server = await PeerServer.listen(path, Date.now);
  const stores = await Promise.all(['a', 'b', 'c'].map((gateway) => openStore(path, gateway)));
  const grants = await Promise.all(stores.map((store, index) => store.settle([claim('abc'[index]!, 1)])));
  expect(new Set(grants.flat().map(({ used }) => used))).toEqual(new Set([1, 2, 3]));
  expect(grants.flat().map(({ gateways }) => gateways)).toEqual([3, 3, 3]);
  await stores[2]!.close();
  await until(async () => (await stores[0]!.settle([claim('a', 2)]))[0]!.gateways === 2);
  await Promise.all(stores.map((store) => store.close()));
  await server.close();
});

test('a gateway that claims nothing knows how many there are', async () => {
  const path = newPath();
  const server = await PeerServer.listen(path, Date.now);
  const ear = new StoreEar();
  const idle = await openStore(path, 'idle', ear);
  const other = await openStore(path, 'other');
  await until(() => ear.gateways === 2);
  await other.close();
  await until(() => ear.gateways === 1);
  await idle.close();
  await server.close();
});

test('fails at once while the counter process is away, and works again when it is back', async () => {
  const path = newPath();
  const first = await PeerServer.listen(path, Date.now);
  const ear = new StoreEar();
  const store = await openStore(path, 'a', ear);
  expect(ear.losses).toBe(0);
  await first.close();
  await until(async () => {
    const failed: unknown = await store.settle([claim('a', 1)]).catch((error: unknown) => error);
    return failed instanceof Error && failed.message.includes(path);
  });
  const second = await PeerServer.listen(path, Date.now);
  await until(async () => (await store.settle([claim('a', 2)]).catch(() => [])).length === 1);
  expect(ear.losses).toBe(1);
  await store.close();
  await second.close();
});

test('a socket path is private, taken over when stale, and never stolen', async () => {
  const path = newPath();
  writeFileSync(path, '');
  const server = await PeerServer.listen(path, Date.now);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await expect(PeerServer.listen(path, Date.now)).rejects.toThrow('another counter process listens there');
  await server.close();
});

test('a connection that talks nonsense is closed, and the others go on', async () => {
  const path = newPath();
  const server = await PeerServer.listen(path, Date.now);
  const store = await openStore(path, 'a');
  const nonsense = [
    '{',
    '[]',
    '{"kind":"settle","id":1,"claims":[{"key":"x"}]}',
    '{"kind":"read","id":-1,"keys":[]}',
  ];
  for (const line of nonsense) {
    const socket = connect(path);
    socket.write(`${line}\n`);
    await new Promise((resolve) => socket.once('close', resolve));
  }
  expect(await store.settle([claim('a', 1)])).toMatchObject([{ granted: 1 }]);
  await store.close();
  await server.close();
});
