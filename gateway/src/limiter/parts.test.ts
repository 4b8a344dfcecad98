import { beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { ScriptedStore } from '../../test/support/scripted-store.ts';
import type { Claim, GatewayId, Grant } from '../limits/claim.ts';
import { counterKey, type CounterKey } from '../limits/counter-key.ts';
import type { CounterStore } from '../limits/counter-store.ts';
import type { Limit } from '../limits/limit.ts';
import { levels, type OnStoreFailure } from '../policy/levels.ts';
import { requestCharge, type Charge } from '../policy/plan.ts';
import type { FailureRules } from './decision.ts';
import { Limiter } from './limiter.ts';
import type { Verdict } from './verdict.ts';

const claimDeadlineMs = 50;

/** Two stores as one whose parts fail by themselves: a counter lies where its key says. */
class TwoParts implements CounterStore {
  readonly left: ScriptedStore;
  readonly right: ScriptedStore;
  partOf: (key: CounterKey) => string = (key) => (/left|^probe.*:[02468]$/.test(key) ? 'left' : 'right');

  constructor(left: ScriptedStore, right: ScriptedStore) {
    this.left = left;
    this.right = right;
  }

  async settle(claims: readonly Claim[]): Promise<readonly Grant[]> {
    const homes = claims.map(({ key }) => this.#home(key));
    const own = (home: ScriptedStore): readonly Claim[] => claims.filter((_, index) => homes[index] === home);
    const [left = [], right = []] = await Promise.all(
      [this.left, this.right].map(async (home) => (own(home).length === 0 ? [] : home.settle(own(home)))),
    );
    const rest = { left: [...left], right: [...right] };
    return homes.map((home) => (home === this.left ? rest.left : rest.right).shift()!);
  }

  async read(): Promise<never> {
    throw new Error('nobody reads here');
  }

  async forget(): Promise<void> {}

  async close(): Promise<void> {}

  used(key: CounterKey): Promise<number> {
    return this.#home(key).used(key);
  }

  #home(key: CounterKey): ScriptedStore {
    return this.partOf(key) === 'left' ? this.left : this.right;
  }
}

describe('a limiter on a store whose parts fail by themselves', () => {
  let clock: FakeClock;
  let store: TwoParts;
  let outages: string[];
  beforeEach(() => {
    clock = new FakeClock();
    store = new TwoParts(ScriptedStore.on(clock, 2), ScriptedStore.on(clock, 2));
    outages = [];
  });

  const limiterOn = (rule: OnStoreFailure): Limiter =>
    new Limiter({
      store,
      clock,
      recorder: {
        settled: () => {},
        lost: () => {},
        batchTook: () => {},
        storeAway: (reason) => outages.push(`away: ${reason.message}`),
        storeBack: () => outages.push('back'),
      },
      settings: {
        gateway: 'a' as GatewayId,
        claimDeadlineMs,
        gatewaysMin: 1,
        onStoreFailure: Object.fromEntries(levels.map((level) => [level, rule])) as FailureRules,
        leases: { horizonMs: 100, recheckMs: 100 },
      },
    });
  const charge = (name: string, quota = 100): Charge => {
    const limit: Limit = { kind: 'fixed-window', quota, windowMs: 60_000, starts: 'first-request' };
    return requestCharge('subscription', limit, counterKey('sub', limit, [name]));
  };
  /** The verdicts on as many requests, all of which must be there after a turn. */
  const ask = async (
    limiter: Limiter,
    charges: readonly Charge[],
    times = 1,
  ): Promise<readonly Verdict[]> => {
    const verdicts: Verdict[] = [];
    for (let count = 0; count < times; count += 1) {
      void Promise.resolve(limiter.admit(charges)).then((verdict) => verdicts.push(verdict));
    }
    await clock.advance(0);
    expect(verdicts.length).toBe(times);
    return verdicts;
  };
  const admitted = (verdicts: readonly Verdict[]): number => verdicts.filter((one) => one.admitted).length;
  const leasesGivenBack = (): Promise<void> => clock.advance(300);

  test('while one is away, counters on the other are exact and certain, and never wait', async () => {
    const limiter = limiterOn('deny');
    const [left, right] = [charge('left'), charge('right')];
    await ask(limiter, [left]);
    await leasesGivenBack();
    store.left.mode = 'fail';
    expect(await ask(limiter, [left])).toMatchObject([{ because: 'store-unavailable', certain: false }]);
    const verdicts = [...(await ask(limiter, [right], 60)), ...(await ask(limiter, [right], 60))];
    expect(admitted(verdicts)).toBe(100);
    expect(verdicts.filter(({ certain }) => !certain)).toEqual([]);
    expect(await store.used(right.key)).toBe(100);
    expect(outages).toEqual(['away: scripted failure']);
    expect(limiter.state.storeUp).toBe(false);
  });

  test('a part that is silent keeps no claim for the other one waiting, however many it owes', async () => {
    const limiter = limiterOn('deny');
    await ask(limiter, [charge('right')]);
    store.left.mode = 'lose';
    for (let turn = 0; turn < 100; turn += 1) {
      void limiter.admit([charge(`left-${turn}`)]);
      await clock.turn();
    }
    expect(store.left.calls.length).toBe(64);
    expect(admitted(await ask(limiter, [charge('right-2')], 10))).toBe(10);
    await clock.advance(1000);
    expect(outages).toEqual(['away: no answer within 200 ms']);
  });

  test('a request across both pays all or nothing: refused for the part that is away, it leaves the other as it was (I4)', async () => {
    const limiter = limiterOn('deny');
    const [left, right] = [charge('left'), charge('right', 5)];
    await ask(limiter, [left, right], 2);
    await leasesGivenBack();
    store.left.mode = 'fail';
    await ask(limiter, [left]);
    for (const charges of [
      [right, left],
      [left, right],
    ]) {
      const verdicts = await ask(limiter, charges, 10);
      expect(admitted(verdicts)).toBe(0);
      expect(verdicts.every((one) => !one.admitted && one.because === 'store-unavailable')).toBe(true);
    }
    await leasesGivenBack();
    expect(await store.used(right.key)).toBe(2);
    expect(admitted(await ask(limiter, [right], 10))).toBe(3);
    expect(await ask(limiter, [right, left])).toMatchObject([{ because: 'over-limit', certain: true }]);
  });

  test('a request across both spends its share of the lost counter only when the other one pays', async () => {
    const limiter = limiterOn('local');
    const [left, right] = [charge('left'), charge('right', 10)];
    await ask(limiter, [left]);
    await leasesGivenBack();
    store.left.mode = 'fail';
    await ask(limiter, [left]);
    const verdicts = await ask(limiter, [left, right], 30);
    expect(admitted(verdicts)).toBe(10);
    for (const one of verdicts) expect(one.certain).toBe(!one.admitted);
    // Two gateways: an even part of 100, of which 2 and 10 are spent.
    expect(admitted(await ask(limiter, [left], 100))).toBe(38);
    store.left.mode = 'answer';
    await clock.advance(1000);
    expect(outages).toEqual(['away: scripted failure', 'back']);
    expect(await store.used(left.key)).toBe(50);
    expect(await store.used(right.key)).toBe(10);
  });

  test('who waits for the other part when one is lost goes on waiting, and is decided when that answers', async () => {
    const limiter = limiterOn('local');
    const [left, right] = [charge('left'), charge('right')];
    await ask(limiter, [left]);
    await leasesGivenBack();
    store.right.mode = 'hold';
    store.left.mode = 'fail';
    const verdicts: Verdict[] = [];
    void Promise.resolve(limiter.admit([left, right])).then((verdict) => verdicts.push(verdict));
    void Promise.resolve(limiter.admit([right])).then((verdict) => verdicts.push(verdict));
    await clock.advance(claimDeadlineMs / 2);
    expect(outages).toEqual(['away: scripted failure']);
    expect(verdicts).toEqual([]);
    store.right.mode = 'answer';
    store.right.release();
    await clock.turn();
    expect(verdicts).toMatchObject([
      { admitted: true, certain: false },
      { admitted: true, certain: true },
    ]);
  });

  test('both are away by themselves, and come back by themselves', async () => {
    const limiter = limiterOn('deny');
    const [left, right] = [charge('left'), charge('right')];
    store.left.mode = 'fail';
    store.right.mode = 'fail';
    await ask(limiter, [left]);
    await ask(limiter, [right]);
    expect(outages.length).toBe(2);
    store.right.mode = 'answer';
    await clock.advance(300);
    expect(outages.slice(2)).toEqual(['back']);
    expect(await ask(limiter, [right])).toMatchObject([{ admitted: true, certain: true }]);
    expect(await ask(limiter, [left])).toMatchObject([{ because: 'store-unavailable' }]);
    store.left.mode = 'answer';
    await clock.advance(300);
    expect(await ask(limiter, [left])).toMatchObject([{ admitted: true, certain: true }]);
    expect(limiter.state.storeUp).toBe(true);
  });

  test('a part so small that no probe lies there is asked about a counter of its own', async () => {
    const limiter = limiterOn('deny');
    const left = charge('left');
    store.partOf = (key) => (key.includes('left') ? 'left' : 'right');
    store.left.mode = 'fail';
    await ask(limiter, [left]);
    await clock.advance(1000);
    expect(outages).toEqual(['away: scripted failure']);
    expect(store.left.calls.length).toBeLessThan(15);
    store.left.mode = 'answer';
    await clock.advance(300);
    expect(await ask(limiter, [left])).toMatchObject([{ admitted: true, certain: true }]);
  });

  test('what was spent alone is counted also when its counter has come to another part meanwhile', async () => {
    const limiter = limiterOn('local');
    const moved = charge('left');
    store.left.mode = 'fail';
    expect(admitted(await ask(limiter, [moved], 10))).toBeGreaterThan(0);
    const spent = 10;
    store.partOf = () => 'right';
    await clock.advance(1000);
    expect(outages.at(-1)).toBe('back');
    expect(await store.used(moved.key)).toBe(spent);
    expect(admitted(await ask(limiter, [moved], 200))).toBe(100 - spent);
  });
});
