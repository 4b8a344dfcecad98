import { expect, test } from 'vitest';
import type { Claim, GatewayId } from '../../src/limits/claim.ts';
import { counterKey } from '../../src/limits/counter-key.ts';
import type { FixedWindow } from '../../src/limits/limit.ts';
import { MemoryStore } from '../../src/stores/memory-store.ts';
import { describeCounterStore } from './counter-store-contract.ts';

describeCounterStore('memory', () => {
  let nowMs = 0;
  const store = new MemoryStore({ nowMs: () => nowMs, gateways: () => 2, ledgersMax: 100 });
  return Promise.resolve({ store, setTime: (time: number) => (nowMs = time) });
});

const second: FixedWindow = { kind: 'fixed-window', quota: 5, windowMs: 1000, starts: 'first-request' };

function claimOn(subject: number): Claim {
  const key = counterKey('test', second, [String(subject)]);
  return { key, limit: second, gateway: 'g' as GatewayId, seq: 1, held: 0, want: 1, atLeast: 0 };
}

test('a full memory store refuses new counters and keeps the ones that run', async () => {
  const store = new MemoryStore({ nowMs: () => 5000, gateways: () => 1, ledgersMax: 3 });
  await store.settle([claimOn(1), claimOn(2), claimOn(3)]);
  await expect(store.settle([claimOn(4)])).rejects.toThrow('the store is full: 3 counters are in use');
  const [again] = await store.settle([{ ...claimOn(1), seq: 2 }]);
  expect(again).toMatchObject({ granted: 1, used: 2 });
});

test('ledgers whose window is over make room', async () => {
  let nowMs = 0;
  const store = new MemoryStore({ nowMs: () => nowMs, gateways: () => 1, ledgersMax: 1000 });
  for (let subject = 0; subject < 100_000; subject += 1) {
    nowMs += 1000;
    await store.settle([claimOn(subject)]);
  }
  expect(store.size).toBeLessThan(300);
});
