import { describe, expect, test } from 'vitest';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { seededRandom } from '../../test/support/random.ts';
import { ScriptedStore } from '../../test/support/scripted-store.ts';
import type { GatewayId } from '../limits/claim.ts';
import { counterKey } from '../limits/counter-key.ts';
import type { Limit } from '../limits/limit.ts';
import { levels, type Level, type OnStoreFailure } from '../policy/levels.ts';
import { requestCharge, type Charge } from '../policy/plan.ts';
import { Limiter } from './limiter.ts';
import type { Standing } from './verdict.ts';

function limiterOf(store: ScriptedStore, clock: FakeClock, name: string): Limiter {
  const deny = Object.fromEntries(levels.map((level) => [level, 'deny'])) as Record<Level, OnStoreFailure>;
  return new Limiter({
    store,
    clock,
    recorder: { settled() {}, lost() {}, batchTook() {}, storeAway() {}, storeBack() {} },
    settings: {
      gateway: name as GatewayId,
      claimDeadlineMs: 50,
      gatewaysMin: 3,
      onStoreFailure: deny,
      leases: { horizonMs: 100, recheckMs: 100 },
    },
  });
}

const firstSeed = seededRandom().seed;
const seeds = Array.from({ length: 60 }, (_, index) => firstSeed + index);

describe('reservations on several gateways, over a network that loses and delays', () => {
  const quota = 200;
  const limit: Limit = { kind: 'fixed-window', quota, windowMs: 5000, starts: 'first-request' };
  const key = counterKey('tokens', limit, ['s']);

  interface Running {
    readonly gateway: number;
    readonly paid: Standing;
    readonly endsAtMs: number;
    readonly cost: number;
  }

  test.each(seeds)('hold more than the quota in no window (I1): seed %i', async (seed) => {
    const random = seededRandom(seed);
    const clock = new FakeClock();
    const first = ScriptedStore.on(clock, 3);
    const stores = [first, first.sibling(), first.sibling()];
    const limiters = stores.map((store, index) => limiterOf(store, clock, `g${index}`));
    const spent = new Map<number, number>();
    let running: Running[] = [];
    let admitted = 0;
    let returned = 0;
    const count = (window: number, units: number): void => {
      spent.set(window, (spent.get(window) ?? 0) + units);
      expect(spent.get(window), `window ${window}`).toBeLessThanOrEqual(quota);
    };
    for (let atMs = 0; atMs < 12_000; atMs += 20) {
      for (const store of stores) {
        store.mode = random.chance(0.1) ? random.pick(['lose-answer', 'lose', 'hold'] as const) : 'answer';
        if (store.mode === 'answer') store.release();
      }
      const gateway = random.below(limiters.length);
      const reserved = 1 + random.below(30);
      const charge: Charge = {
        ...requestCharge('subscription', limit, key),
        cost: reserved,
        needs: reserved,
      };
      const endsAtMs = atMs + random.below(1500);
      void Promise.resolve(limiters[gateway]!.admit([charge])).then((verdict) => {
        if (!verdict.admitted) return;
        const [paid] = verdict.standings;
        admitted += 1;
        count(paid!.window!, reserved);
        running.push({ gateway, paid: paid!, endsAtMs, cost: random.below(reserved + 1) });
      });
      await clock.advance(20);
      for (const { gateway: own, paid, cost } of running.filter((one) => one.endsAtMs <= atMs)) {
        limiters[own]!.settle([{ paid, cost }]);
        returned += paid.charge.cost - cost;
        count(paid.window!, cost - paid.charge.cost);
      }
      running = running.filter((one) => one.endsAtMs > atMs);
    }
    expect(admitted).toBeGreaterThan(30);
    expect(returned).toBeGreaterThan(100);
  });
});
