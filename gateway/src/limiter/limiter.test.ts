import { beforeEach, describe, expect, test } from 'vitest';
import {
  admittedOf,
  ask,
  begin,
  charge,
  clock,
  costing,
  leasesGivenBack,
  limiter,
  limiterOn,
  outages,
  store,
} from '../../test/support/limiter-ground.ts';
import { counterKey } from '../limits/counter-key.ts';
import { requestCharge } from '../policy/plan.ts';

describe('the limiter', () => {
  beforeEach(begin);

  test('admits exactly the quota of a window, over several gateways', async () => {
    const other = limiterOn(store.sibling(), 'b');
    const burst = [charge('burst', 100, { windowMs: 1000 })];
    for (const window of [1, 2, 3]) {
      let admitted = 0;
      for (let turn = 0; turn < 20; turn += 1) {
        admitted += await admittedOf(7, burst, turn % 3 === 0 ? other : limiter);
        await clock.advance(49);
      }
      expect(admitted, `window ${window}`).toBe(100);
      await clock.advance(100);
    }
  });

  test('a refused request leaves every counter as it was (I4)', async () => {
    const quota = charge('subscription', 1000);
    const backend = charge('backend', 3);
    expect(await admittedOf(10, [quota, backend])).toBe(3);
    await leasesGivenBack();
    expect(await store.used(quota.key)).toBe(3);
    expect(await store.used(backend.key)).toBe(3);
    expect(await ask([quota, backend])).toMatchObject({
      admitted: false,
      because: 'over-limit',
      refused: { charge: { level: 'backend' }, remaining: 0 },
      standings: [{ remaining: 997 }, { remaining: 0 }],
    });
    await leasesGivenBack();
    expect(await store.used(quota.key)).toBe(3);
  });

  test('the first level that refuses names the refusal', async () => {
    const charges = [charge('subscription', 5), charge('burst', 2), charge('backend', 2)];
    expect(await admittedOf(2, charges)).toBe(2);
    expect(await ask(charges)).toMatchObject({ admitted: false, refused: { charge: { level: 'burst' } } });
  });

  test('those who wait are served in order of arrival', async () => {
    const quota = [charge('subscription', 3)];
    const order: string[] = [];
    for (const name of ['1', '2', '3', '4', '5']) {
      void Promise.resolve(limiter.admit(quota)).then(({ admitted }) => order.push(`${name} ${admitted}`));
    }
    await clock.turn();
    expect(order).toEqual(['1 true', '2 true', '3 true', '4 false', '5 false']);
  });

  test('claims of one turn leave as one call, and a counter has one claim in flight', async () => {
    store.mode = 'hold';
    const one = [charge('subscription', 100), charge('burst', 100)];
    void limiter.admit(one);
    void limiter.admit(one);
    await clock.turn();
    void limiter.admit(one);
    void limiter.admit([charge('backend', 100)]);
    await clock.turn();
    const claimed = store.calls.map((claims) =>
      claims.map(({ key, want }) => `${key.split('@')[0]} ${want}`),
    );
    expect(claimed).toEqual([['subscription 2', 'burst 2'], ['backend 1']]);
    store.mode = 'answer';
    store.release();
    await clock.turn();
    // One waits, and two were asked for in this horizon.
    expect(store.calls[2]?.map(({ want }) => want)).toEqual([3, 3]);
  });

  test('a flood of refused requests costs one claim per recheck', async () => {
    const burst = [charge('burst', 10, { windowMs: 10_000 })];
    await admittedOf(10, burst);
    store.calls.length = 0;
    for (let ms = 0; ms < 1000; ms += 1) {
      expect(await admittedOf(5, burst)).toBe(0);
      await clock.advance(1);
    }
    expect(store.calls.flat().length).toBeLessThanOrEqual(11);
    expect(store.calls.length).toBeGreaterThan(5);
  });

  test('units that others give back are found by the recheck', async () => {
    const other = limiterOn(store.sibling(), 'b');
    const [quota, backend] = [charge('subscription', 5), charge('backend', 0)];
    store.mode = 'hold';
    void limiter.admit([costing(quota, 5), backend]);
    await clock.turn();
    expect(await admittedOf(1, [quota], other)).toBe(0);
    store.mode = 'answer';
    store.release();
    await clock.advance(101);
    expect(await admittedOf(9, [quota], other)).toBe(5);
  });

  test('a request that costs more than is left takes nothing', async () => {
    const quota = charge('subscription', 5);
    expect(await admittedOf(1, [costing(quota, 4)])).toBe(1);
    expect(await admittedOf(1, [costing(quota, 2)])).toBe(0);
    await clock.advance(101);
    expect(await store.used(quota.key)).toBe(4);
    expect(await admittedOf(1, [quota])).toBe(1);
  });

  test('gives back at the end of a turn what nobody needs, and the rest when it closes', async () => {
    const quota = charge('subscription', 100);
    store.mode = 'hold';
    void limiter.admit([quota, charge('backend', 0)]);
    await clock.turn();
    store.mode = 'answer';
    store.release();
    const closing = limiter.close();
    await clock.advance(10);
    await closing;
    expect(await store.used(quota.key)).toBe(0);
  });

  test('opens when the store has answered, or once it is clear that it does not', async () => {
    const opened: string[] = [];
    store.mode = 'hold';
    void limiter.open(2000).then(() => opened.push('answered'));
    await clock.advance(1500);
    expect(opened).toEqual([]);
    store.release();
    await clock.turn();
    expect(opened).toEqual(['answered']);
    expect(outages).toEqual([]);

    const lost = store.sibling();
    lost.mode = 'lose';
    void limiterOn(lost)
      .open(2000)
      .then(() => opened.push('gave up'));
    await clock.advance(2000);
    expect(opened).toEqual(['answered', 'gave up']);
    expect(outages).toEqual(['away: no answer within 2000 ms']);
  });

  test('forgets counters whose windows are over', async () => {
    for (let subject = 0; subject < 100; subject += 1) {
      const { limit } = charge('burst', 5, { windowMs: 500 });
      void limiter.admit([requestCharge('burst', limit, counterKey('burst', limit, [String(subject)]))]);
    }
    await clock.turn();
    expect(limiter.state.counters).toBe(100);
    await clock.advance(2000);
    expect(limiter.state.counters).toBe(0);
  });
});
