import { beforeEach, describe, expect, test } from 'vitest';
import {
  admittedOf,
  ask,
  begin,
  charge,
  claimDeadlineMs,
  clock,
  leasesGivenBack,
  limiter,
  limiterOn,
  outages,
  store,
} from '../../test/support/limiter-ground.ts';
import type { Verdict } from './verdict.ts';

describe('the limiter, when its store is late or away', () => {
  beforeEach(begin);

  test('waits at most the claim deadline, then decides by the share (I5)', async () => {
    const quota = charge('subscription', 100);
    await admittedOf(20, [quota]);
    await leasesGivenBack();
    store.mode = 'lose';
    const decided: Verdict[] = [];
    void Promise.resolve(limiter.admit([quota])).then((verdict) => decided.push(verdict));
    await clock.advance(claimDeadlineMs - 1);
    expect(decided).toEqual([]);
    await clock.advance(1);
    expect(decided).toMatchObject([{ admitted: true, certain: false }]);
    expect(outages).toEqual([]);
  });

  test('a late answer is no outage, and pays for what was spent ahead of it', async () => {
    const quota = charge('subscription', 100);
    await admittedOf(20, [quota]);
    await leasesGivenBack();
    store.mode = 'hold';
    const waiting = Array.from({ length: 5 }, async () => limiter.admit([quota]));
    await clock.advance(claimDeadlineMs);
    expect((await Promise.all(waiting)).every(({ admitted }) => admitted)).toBe(true);
    store.mode = 'answer';
    store.release();
    await clock.advance(10);
    expect(outages).toEqual([]);
    expect(await store.used(quota.key)).toBe(25);
    expect(await admittedOf(100, [quota])).toBe(75);
  });

  test('those who come while an answer is late wait for the store rather than take the share', async () => {
    const quota = charge('subscription', 100);
    await admittedOf(20, [quota]);
    await leasesGivenBack();
    store.mode = 'hold';
    void limiter.admit([quota]);
    await clock.advance(claimDeadlineMs);
    const later = limiter.admit([quota]);
    expect(later).toBeInstanceOf(Promise);
    store.mode = 'answer';
    store.release();
    await clock.turn();
    expect(await later).toMatchObject({ admitted: true, certain: true });
  });

  test('silence for four claim deadlines is an outage: then requests are decided at once', async () => {
    const quota = charge('subscription', 100);
    await admittedOf(20, [quota]);
    await leasesGivenBack();
    store.mode = 'lose';
    void limiter.admit([quota]);
    await clock.advance(4 * claimDeadlineMs);
    expect(outages).toEqual(['away: no answer within 200 ms']);
    expect(limiter.state.storeUp).toBe(false);
    // An even part of 100 is 50, of which 20 and the one that waited are spent.
    expect(await admittedOf(100, [quota])).toBe(29);
    expect(await ask([quota])).toMatchObject({ admitted: false, because: 'over-limit', certain: false });
  });

  test('no limit is called exceeded while nobody knows which window runs', async () => {
    const burst = charge('burst', 100, { windowMs: 1000 });
    store.mode = 'hold';
    const first = limiter.admit([burst]);
    await clock.advance(30);
    store.mode = 'answer';
    store.release();
    await first;
    store.mode = 'fail';
    await clock.advance(970);
    await ask([charge('subscription', 100)]);
    expect(limiter.state.storeUp).toBe(false);
    // The store began the window at some time in those 30 ms, a second ago.
    await clock.advance(15);
    expect(await ask([burst])).toMatchObject({
      admitted: false,
      because: 'store-unavailable',
      certain: false,
    });
    await clock.advance(16);
    expect(await ask([burst])).toMatchObject({ admitted: true, certain: false });
  });

  test('shares of all gateways together stay within the limit, in each window of a long outage', async () => {
    const other = limiterOn(store.sibling(), 'b');
    const burst = [charge('burst', 101, { windowMs: 1000 })];
    await Promise.all([admittedOf(1, burst), admittedOf(1, burst, other)]);
    await clock.advance(200);
    const otherStore = store.sibling();
    otherStore.mode = 'fail';
    store.mode = 'fail';
    const lone = limiterOn(otherStore, 'c');
    expect(await admittedOf(1, burst, lone)).toBe(1);
    for (const window of [0, 1, 2]) {
      const admitted = (await admittedOf(200, burst)) + (window === 0 ? 0 : 50);
      expect(admitted, `window ${window}`).toBeLessThanOrEqual(101);
      expect(admitted, `window ${window}`).toBeGreaterThanOrEqual(window === 0 ? 49 : 100);
      await clock.advance(1000);
    }
  });

  test('when the store is back, what was spent alone is counted, and the limit is exact again', async () => {
    const quota = charge('subscription', 100);
    await admittedOf(20, [quota]);
    await leasesGivenBack();
    store.mode = 'fail';
    expect(await admittedOf(30, [quota])).toBe(30);
    store.mode = 'answer';
    await clock.advance(101);
    // The store has heard of it, and others have the time to state theirs.
    expect(await store.used(quota.key)).toBe(50);
    expect(outages).toEqual(['away: scripted failure']);
    await clock.advance(300);
    expect(outages).toEqual(['away: scripted failure', 'back']);
    expect(await admittedOf(60, [quota])).toBe(50);
  });

  test('a store that forgot everything hears what is held as soon as it answers', async () => {
    const quota = charge('subscription', 100);
    await admittedOf(40, [quota]);
    await leasesGivenBack();
    store.mode = 'fail';
    await admittedOf(10, [quota]);
    await store.forget([quota.key]);
    store.mode = 'answer';
    await clock.advance(101);
    expect(await store.used(quota.key)).toBe(50);
  });

  test('a loss that is noticed while the first claim is on its way is made good as well', async () => {
    const quota = charge('subscription', 100);
    store.mode = 'hold';
    const waiting = admittedOf(1, [quota]);
    await clock.advance(5);
    await store.forget([quota.key]);
    limiter.lossSuspected();
    store.mode = 'answer';
    store.release();
    expect(await waiting).toBe(1);
    await clock.advance(1);
    expect(await store.used(quota.key)).toBe(1);
  });

  test('an answer that was lost costs nobody a unit once the store answers again', async () => {
    const quota = charge('subscription', 100);
    await admittedOf(1, [quota]);
    store.mode = 'lose-answer';
    const waiting = admittedOf(5, [quota]);
    await clock.advance(4 * claimDeadlineMs);
    await waiting;
    expect(await store.used(quota.key)).toBe(6);
    store.mode = 'answer';
    await clock.advance(700);
    expect(outages.at(-1)).toBe('back');
    expect(await store.used(quota.key)).toBe(6);
    expect(await admittedOf(200, [quota])).toBe(94);
  });

  test('a level that says `deny` refuses as unavailable, one that says `allow` lets pass', async () => {
    store.mode = 'fail';
    const denying = limiterOn(store, 'd', { backend: 'deny', burst: 'allow' });
    expect(await ask([charge('backend', 100)], 0, denying)).toMatchObject({
      admitted: false,
      because: 'store-unavailable',
      refused: { charge: { level: 'backend' } },
    });
    expect(await admittedOf(7, [charge('burst', 3)], denying)).toBe(7);
  });
});
