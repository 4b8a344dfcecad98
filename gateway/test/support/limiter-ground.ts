import type { GatewayId } from '../../src/limits/claim.ts';
import { counterKey } from '../../src/limits/counter-key.ts';
import type { Limit } from '../../src/limits/limit.ts';
import { Limiter } from '../../src/limiter/limiter.ts';
import type { LimiterRecorder } from '../../src/limiter/limiter-recorder.ts';
import type { Verdict } from '../../src/limiter/verdict.ts';
import type { Level, OnStoreFailure } from '../../src/policy/levels.ts';
import { requestCharge, type Charge } from '../../src/policy/plan.ts';
import { FakeClock } from './fake-clock.ts';
import { ScriptedStore } from './scripted-store.ts';

export const claimDeadlineMs: number = 50;

export let clock: FakeClock;
export let store: ScriptedStore;
export let limiter: Limiter;
/** When the store was lost and found, in the words of the recorder. */
export let outages: string[];

/** Before each test. */
export function begin(): void {
  clock = new FakeClock();
  store = ScriptedStore.on(clock, 2);
  limiter = limiterOn(store);
  outages = [];
}

export function limiterOn(
  ownStore: ScriptedStore,
  name = 'a',
  onFailure: Partial<Record<Level, OnStoreFailure>> = {},
): Limiter {
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
}

export function charge(level: Level, quota: number, more: { windowMs?: number } = {}): Charge {
  const windowMs = more.windowMs ?? 60_000;
  const limit: Limit = { kind: 'fixed-window', quota, windowMs, starts: 'first-request' };
  return requestCharge(level, limit, counterKey(level, limit, ['subject']));
}

export function costing(charged: Charge, cost: number): Charge {
  return { ...charged, cost, needs: cost };
}

/** Asks, lets time pass, and gives the verdict, which must be there by then. */
export async function ask(
  charges: readonly Charge[],
  waitMs = 0,
  asked: Limiter = limiter,
): Promise<Verdict> {
  const answers: Verdict[] = [];
  void Promise.resolve(asked.admit(charges)).then((verdict) => answers.push(verdict));
  await clock.advance(waitMs);
  if (answers[0] === undefined) throw new Error(`no verdict after ${waitMs} ms`);
  return answers[0];
}

export async function admittedOf(
  times: number,
  charges: readonly Charge[],
  asked: Limiter = limiter,
): Promise<number> {
  const verdicts = Promise.all(Array.from({ length: times }, async () => asked.admit(charges)));
  await clock.advance(0);
  return (await verdicts).filter(({ admitted }) => admitted).length;
}

/** Nobody asks for a while, so gateways hold just what they have spent. */
export function leasesGivenBack(): Promise<void> {
  return clock.advance(300);
}
