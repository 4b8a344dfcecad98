import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Claim, GatewayId, Grant } from '../../src/limits/claim.ts';
import { counterKey, type CounterKey } from '../../src/limits/counter-key.ts';
import type { CounterStore } from '../../src/limits/counter-store.ts';
import type { FixedWindow } from '../../src/limits/limit.ts';

/** A store under test on a virtual clock. */
export interface StoreUnderTest {
  readonly store: CounterStore;
  setTime(nowMs: number): void;
}

const minute: FixedWindow = { kind: 'fixed-window', quota: 10, windowMs: 60_000, starts: 'aligned' };
const fromFirst: FixedWindow = { ...minute, starts: 'first-request' };
const noon = 1_780_000_020_000 - (1_780_000_020_000 % 60_000);
const a = 'gateway-a' as GatewayId;
const b = 'gateway-b' as GatewayId;

/** What every CounterStore promises; run against each adapter. */
export function describeCounterStore(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`the counter store contract: ${name}`, () => {
    let under: StoreUnderTest;
    let key: CounterKey;
    let seq = 0;

    beforeEach(async () => {
      under = await open();
      under.setTime(noon + 15_000);
      key = counterKey('contract', minute, [String(Math.random())]);
    });
    afterEach(() => under.store.close());

    const claim = (from: GatewayId, want: number, more: Partial<Claim> = {}): Claim => {
      seq += 1;
      return { key, limit: minute, gateway: from, seq, held: 0, want, atLeast: 0, ...more };
    };
    const settle = async (one: Claim): Promise<Grant> => {
      const [grant] = await under.store.settle([one]);
      return grant!;
    };

    test('grants what is left, and no more, to whoever asks first', async () => {
      expect(await settle(claim(a, 7))).toMatchObject({ outcome: 'granted', granted: 7, used: 7 });
      expect(await settle(claim(b, 7))).toMatchObject({ outcome: 'granted', granted: 3, used: 10 });
      expect(await settle(claim(b, 1))).toMatchObject({ granted: 0, used: 10 });
    });

    test('settles claims of one call in their order', async () => {
      const grants = await under.store.settle([claim(a, 6), claim(b, 6), claim(a, 1)]);
      expect(grants.map(({ granted }) => granted)).toEqual([6, 4, 0]);
    });

    test('tells the window and how long it runs', async () => {
      expect(await settle(claim(a, 1))).toMatchObject({ window: noon, endsInMs: 45_000 });
      const burst = counterKey('contract-burst', fromFirst, [key]);
      const first = await settle(claim(a, 1, { key: burst, limit: fromFirst }));
      expect(first).toMatchObject({ window: noon + 15_000, endsInMs: 60_000 });
    });

    test('starts an aligned window at the minute and a first-request window at its first unit', async () => {
      const burst = counterKey('contract-burst', fromFirst, [key]);
      await under.store.settle([claim(a, 10), claim(a, 10, { key: burst, limit: fromFirst })]);
      under.setTime(noon + 59_999);
      expect((await settle(claim(b, 1))).granted).toBe(0);
      under.setTime(noon + 60_000);
      expect(await settle(claim(b, 1))).toMatchObject({ window: noon + 60_000, granted: 1, used: 1 });
      under.setTime(noon + 74_999);
      expect((await settle(claim(b, 1, { key: burst, limit: fromFirst }))).granted).toBe(0);
      under.setTime(noon + 80_000);
      const next = await settle(claim(b, 1, { key: burst, limit: fromFirst }));
      expect(next).toMatchObject({ window: noon + 80_000, granted: 1, used: 1, endsInMs: 60_000 });
    });

    test('grants nothing rather than less than `atLeast`', async () => {
      await settle(claim(a, 8));
      expect(await settle(claim(b, 5, { atLeast: 3 }))).toMatchObject({ granted: 0, used: 8 });
      expect(await settle(claim(b, 5, { atLeast: 2 }))).toMatchObject({ granted: 2, used: 10 });
    });

    test("takes the gateway's word for what it holds, upwards and downwards", async () => {
      const { window } = await settle(claim(a, 6));
      expect((await settle(claim(a, 0, { window, held: 2 }))).used).toBe(2);
      expect((await settle(claim(a, 0, { window, held: 9 }))).used).toBe(9);
      expect(await settle(claim(b, 5))).toMatchObject({ granted: 1, used: 10 });
    });

    test('a cost known afterwards may exceed the limit, which then grants nothing', async () => {
      const { window } = await settle(claim(a, 6));
      expect((await settle(claim(a, 0, { window, held: 25 }))).used).toBe(25);
      expect(await settle(claim(b, 1))).toMatchObject({ granted: 0, used: 25 });
    });

    test('a claim without a window leaves the account as it is', async () => {
      await settle(claim(a, 6));
      expect(await settle(claim(a, 1))).toMatchObject({ granted: 1, used: 7 });
    });

    test('a duplicated or late claim changes nothing (I6)', async () => {
      const first = claim(a, 4);
      const second = claim(a, 1);
      await settle(first);
      await settle(second);
      for (const replayed of [first, second]) {
        expect(await settle(replayed)).toMatchObject({ outcome: 'stale', granted: 0, used: 5 });
      }
      expect((await under.store.read([key]))[0]?.used).toBe(5);
    });

    test('a grant that never arrived flows back with the next claim', async () => {
      const { window } = await settle(claim(a, 2));
      await settle(claim(a, 5, { window, held: 2 }));
      expect(await settle(claim(a, 5, { window, held: 2 }))).toMatchObject({ granted: 5, used: 7 });
    });

    test('is whole again after losing its data, once every gateway has stated what it holds', async () => {
      const { window } = await settle(claim(a, 6));
      await settle(claim(b, 3));
      await under.store.forget([key]);
      expect(await settle(claim(a, 0, { window, held: 6 }))).toMatchObject({ window, used: 6 });
      expect(await settle(claim(b, 2, { window, held: 3 }))).toMatchObject({ window, granted: 1, used: 10 });
    });

    test('a window that a claim names is not revived once it is over', async () => {
      const { window } = await settle(claim(a, 6));
      under.setTime(noon + 60_000);
      expect(await settle(claim(a, 1, { window, held: 6 }))).toMatchObject({
        window: noon + 60_000,
        used: 1,
      });
    });

    test('a clock that is set back a little reopens no window', async () => {
      under.setTime(noon + 60_000);
      await settle(claim(a, 10));
      under.setTime(noon + 59_000);
      expect(await settle(claim(b, 1))).toMatchObject({
        window: noon + 60_000,
        granted: 0,
        endsInMs: 61_000,
      });
    });

    test('a claim that takes nothing leaves no trace, and starts no window', async () => {
      const burst = counterKey('contract-burst', fromFirst, [key]);
      expect(await settle(claim(a, 0, { key: burst, limit: fromFirst }))).toMatchObject({
        granted: 0,
        used: 0,
      });
      expect(await under.store.read([burst])).toEqual([undefined]);
      const shut: FixedWindow = { ...minute, quota: 0 };
      expect(await settle(claim(a, 1, { limit: shut }))).toMatchObject({ granted: 0, used: 0 });
      expect(await under.store.read([key])).toEqual([undefined]);
    });

    test('reads ledgers with one account per gateway', async () => {
      await under.store.settle([claim(a, 4), claim(b, 3)]);
      const unknown = counterKey('contract', minute, ['nobody']);
      const [ledger, nothing] = await under.store.read([key, unknown]);
      expect(ledger).toMatchObject({ window: noon, used: 7 });
      expect(Object.fromEntries(ledger!.accounts)).toEqual({
        [a]: { held: 4, seq: seq - 1 },
        [b]: { held: 3, seq },
      });
      expect(nothing).toBeUndefined();
    });

    test('a changed quota applies at once to the running window', async () => {
      await settle(claim(a, 10));
      expect((await settle(claim(b, 5, { limit: { ...minute, quota: 12 } }))).granted).toBe(2);
      expect((await settle(claim(b, 5, { limit: { ...minute, quota: 5 } }))).granted).toBe(0);
    });

    test('counts exactly near the largest quota', async () => {
      const huge: FixedWindow = { ...minute, quota: 1_000_000_000_000_000 };
      const most = huge.quota - 1;
      expect((await settle(claim(a, most, { limit: huge }))).granted).toBe(most);
      expect(await settle(claim(b, 5, { limit: huge }))).toMatchObject({ granted: 1, used: huge.quota });
    });
  });
}
