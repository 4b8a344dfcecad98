import { beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { ScriptedStore } from '../../test/support/scripted-store.ts';
import type { GatewayId } from '../limits/claim.ts';
import { counterKey } from '../limits/counter-key.ts';
import type { Limit } from '../limits/limit.ts';
import type { Level, OnStoreFailure } from '../policy/levels.ts';
import { requestCharge, type Charge } from '../policy/plan.ts';
import { Limiter } from './limiter.ts';
import type { LimiterRecorder } from './limiter-recorder.ts';
import type { Verdict } from './verdict.ts';

const claimDeadlineMs = 50;

function charge(level: Level, quota: number, more: { windowMs?: number } = {}): Charge {
  const windowMs = more.windowMs ?? 60_000;
  const limit: Limit = { kind: 'fixed-window', quota, windowMs, starts: 'first-request' };
  return requestCharge(level, limit, counterKey(level, limit, ['subject']));
}

function costing(charged: Charge, cost: number): Charge {
  return { ...charged, cost, needs: cost };
}

describe('the limiter', () => {
  let clock: FakeClock;
  let store: ScriptedStore;
  let limiter: Limiter;
  let outages: string[];

  const limiterOn = (
    ownStore: ScriptedStore,
    name = 'a',
    onFailure: Partial<Record<Level, OnStoreFailure>> = {},
  ): Limiter => {
    const all = { api: 'local', operation: 'local', subscription: 'local', burst: 'local' } as const;
    const last = { custom: 'local', backend: 'local' } as const;
    const rest = { application: 'local', 'application-burst': 'local', ...last } as const;
    const recorder: LimiterRecorder = {
      settled: () => {},
      lost: () => {},
      batchTook: () => {},
      storeAway: (reason) => outages.push(`away: ${reason.message}`),
      storeBack: () => outages.push('back'),
    };
    return new Limiter({
      store: ownStore,
      clock,
      recorder,
      settings: {
        gateway: name as GatewayId,
        claimDeadlineMs,
        gatewaysMin: 1,
        onStoreFailure: { ...all, ...rest, ...onFailure },
        leases: { horizonMs: 100, recheckMs: 100 },
      },
    });
  };
  beforeEach(() => {
    clock = new FakeClock();
    store = ScriptedStore.on(clock, 2);
    limiter = limiterOn(store);
    outages = [];
  });

  /** Asks, lets time pass, and gives the verdict, which must be there by then. */
  const ask = async (charges: readonly Charge[], waitMs = 0, asked = limiter): Promise<Verdict> => {
    const answers: Verdict[] = [];
    void Promise.resolve(asked.admit(charges)).then((verdict) => answers.push(verdict));
    await clock.advance(waitMs);
    if (answers[0] === undefined) throw new Error(`no verdict after ${waitMs} ms`);
    return answers[0];
  };
  const admittedOf = async (times: number, charges: readonly Charge[], asked = limiter): Promise<number> => {
    const verdicts = Promise.all(Array.from({ length: times }, async () => asked.admit(charges)));
    await clock.advance(0);
    return (await verdicts).filter(({ admitted }) => admitted).length;
  };

  /** Nobody asks for a while, so gateways hold just what they have spent. */
  const leasesGivenBack = (): Promise<void> => clock.advance(300);

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
