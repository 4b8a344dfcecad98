import { beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { ScriptedStore } from '../../test/support/scripted-store.ts';
import type { GatewayId } from '../limits/claim.ts';
import { counterKey } from '../limits/counter-key.ts';
import type { Limit } from '../limits/limit.ts';
import { levels, type Level, type OnStoreFailure } from '../policy/levels.ts';
import { requestCharge, type Charge } from '../policy/plan.ts';
import { Limiter } from './limiter.ts';
import type { Verdict } from './verdict.ts';

const minute: Limit = { kind: 'fixed-window', quota: 1000, windowMs: 60_000, starts: 'first-request' };
const tokens: Charge = {
  ...requestCharge('subscription', minute, counterKey('tokens', minute, ['s'])),
  measure: 'total-tokens',
  cost: 0,
};
const burstLimit: Limit = { ...minute, quota: 2 };
const burst = requestCharge('burst', burstLimit, counterKey('burst', burstLimit, ['s']));

function allLevels(rule: OnStoreFailure): Readonly<Record<Level, OnStoreFailure>> {
  return Object.fromEntries(levels.map((level) => [level, rule])) as Record<Level, OnStoreFailure>;
}

describe('costs that are settled after the answer', () => {
  let clock: FakeClock;
  let store: ScriptedStore;
  let limiter: Limiter;

  const limiterOn = (own: ScriptedStore, name: string): Limiter => {
    return new Limiter({
      store: own,
      clock,
      recorder: { settled() {}, lost() {}, batchTook() {}, storeAway() {}, storeBack() {} },
      settings: {
        gateway: name as GatewayId,
        claimDeadlineMs: 50,
        gatewaysMin: 2,
        onStoreFailure: allLevels('local'),
        leases: { horizonMs: 100, recheckMs: 100 },
      },
    });
  };
  beforeEach(() => {
    clock = new FakeClock();
    store = ScriptedStore.on(clock, 2);
    limiter = limiterOn(store, 'a');
  });

  const ask = async (charges: readonly Charge[], asked = limiter): Promise<Verdict> => {
    const verdicts: Verdict[] = [];
    void Promise.resolve(asked.admit(charges)).then((verdict) => verdicts.push(verdict));
    await clock.advance(0);
    if (verdicts[0] === undefined) throw new Error('no verdict yet');
    return verdicts[0];
  };
  const settle = (verdict: Verdict, cost: number, asked = limiter): void => {
    asked.settle(verdict.standings.map((paid) => ({ paid, cost })));
  };
  const leasesGivenBack = (): Promise<void> => clock.advance(300);

  test('cost nothing before, need one unit, and close the counter for all gateways when they are more than is left', async () => {
    const other = limiterOn(store.sibling(), 'b');
    settle(await ask([tokens]), 999);
    await leasesGivenBack();
    const last = await ask([tokens], other);
    expect(last).toMatchObject({ admitted: true, standings: [{ remaining: 1 }] });
    settle(last, 500, other);
    await leasesGivenBack();
    expect(await store.used(tokens.key)).toBe(1499);
    expect(await ask([tokens])).toMatchObject({ admitted: false, because: 'over-limit' });
    await clock.advance(60_000);
    expect(await ask([tokens])).toMatchObject({ admitted: true });
  });

  test('give back what was reserved and not needed, to be spent by whoever asks (I1)', async () => {
    const reserving = { ...tokens, cost: 400, needs: 400 };
    const other = limiterOn(store.sibling(), 'b');
    const running = [await ask([reserving]), await ask([reserving], other)];
    expect(await ask([reserving])).toMatchObject({ admitted: false, refused: { remaining: 200 } });
    expect(await store.used(tokens.key)).toBe(800);
    settle(running[0]!, 150);
    settle(running[1]!, 450, other);
    await leasesGivenBack();
    expect(await store.used(tokens.key)).toBe(600);
    expect(await ask([reserving], other)).toMatchObject({ admitted: true });
  });

  test('of a window that is over give nothing back', async () => {
    const reserving = { ...tokens, cost: 400, needs: 400 };
    const old = await ask([reserving]);
    await clock.advance(60_001);
    await ask([reserving]);
    settle(old, 0);
    await leasesGivenBack();
    expect(await store.used(tokens.key)).toBe(400);
  });

  test('a request that crosses the limit passes, and what it costs beyond it is counted', async () => {
    const crossing = { ...tokens, cost: 4096 };
    expect(await ask([crossing])).toMatchObject({ admitted: true, standings: [{ remaining: 0 }] });
    await leasesGivenBack();
    expect(await store.used(tokens.key)).toBe(4096);
    expect(await ask([crossing])).toMatchObject({ admitted: false });
  });

  test('fewer units than were refused a moment ago are paid at once', async () => {
    const batch = (units: number): Charge => ({ ...tokens, cost: units, needs: units });
    await ask([batch(990)]);
    const refused = await ask([batch(15)]);
    expect(refused).toMatchObject({ admitted: false, refused: { remaining: 10 } });
    expect(await ask([batch(10)])).toMatchObject({ admitted: true });
    expect(await ask([batch(1)])).toMatchObject({ admitted: false });
    expect(await store.used(tokens.key)).toBe(1000);
  });

  test('are seen by decisions that are made alone', async () => {
    store.mode = 'fail';
    const alone = await ask([tokens]);
    expect(alone).toMatchObject({ admitted: true, certain: false });
    settle(alone, 500);
    expect(await ask([tokens])).toMatchObject({ admitted: false, certain: false });
  });

  test('a charge that refuses nobody is counted beyond its limit, and says that it is over', async () => {
    const free: Charge = { ...burst, whenOver: 'pass' };
    for (let passed = 0; passed < 2; passed += 1) expect(await ask([free])).not.toHaveProperty('over');
    for (let passed = 0; passed < 3; passed += 1) {
      expect(await ask([free])).toMatchObject({
        admitted: true,
        over: [free],
        standings: [{ remaining: 0 }],
      });
    }
    await leasesGivenBack();
    expect(await store.used(free.key)).toBe(5);
  });

  test('another charge that refuses leaves it as it was (I4)', async () => {
    const free: Charge = { ...burst, whenOver: 'pass' };
    const backendLimit: Limit = { ...minute, quota: 3 };
    const backend = requestCharge('backend', backendLimit, counterKey('backend', backendLimit, ['s']));
    for (let passed = 0; passed < 3; passed += 1) await ask([free, backend]);
    expect(await ask([free, backend])).toMatchObject({
      admitted: false,
      refused: { charge: { level: 'backend' } },
    });
    await leasesGivenBack();
    expect(await store.used(free.key)).toBe(3);
  });
});
