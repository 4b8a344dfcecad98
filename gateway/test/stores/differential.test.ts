import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Claim, GatewayId, Grant } from '../../src/limits/claim.ts';
import { counterKey, type CounterKey } from '../../src/limits/counter-key.ts';
import { isOpen } from '../../src/limits/fixed-window.ts';
import type { Ledger } from '../../src/limits/ledger.ts';
import type { Limit } from '../../src/limits/limit.ts';
import { MemoryStore } from '../../src/stores/memory-store.ts';
import { connectRedis } from '../../src/stores/redis/connect.ts';
import { RedisStore } from '../../src/stores/redis/redis-store.ts';
import { systemClock } from '../../src/system-clock.ts';
import { seededRandom, type Random } from '../support/random.ts';
import { redisMissing, RedisServer } from '../support/redis-server.ts';
import { until } from '../support/until.ts';

const claimsTotal = 120_000;
const claimsPerCall = 60;

/** Windows of a minute and more, so that no key expires in real time while the virtual clock stands. */
const limits: readonly Limit[] = (['aligned', 'first-request'] as const).flatMap((starts) => [
  { kind: 'fixed-window', quota: 0, windowMs: 60_000, starts },
  { kind: 'fixed-window', quota: 7, windowMs: 60_000, starts },
  { kind: 'fixed-window', quota: 500, windowMs: 3_600_000, starts },
  { kind: 'fixed-window', quota: 1_000_000_000_000_000, windowMs: 86_400_000, starts },
]);
const gateways = ['g-1', 'g-2', 'g:3%', 'g 4'] as GatewayId[];

/** Random claims: mostly what an honest gateway would say, often what only a confused or replayed one would. */
class ClaimSource {
  readonly #random: Random;
  readonly #seqs = new Map<GatewayId, number>();
  readonly #lastGrants = new Map<CounterKey, Grant>();
  #previous: Claim | undefined;

  constructor(random: Random) {
    this.#random = random;
  }

  next(): Claim {
    const random = this.#random;
    if (this.#previous !== undefined && random.chance(0.05)) return this.#previous;
    const limit = random.pick(limits);
    const key = counterKey('differential', limit, [
      limit.starts,
      String(limit.quota),
      String(random.below(3)),
    ]);
    const gateway = random.pick(gateways);
    const seq = (this.#seqs.get(gateway) ?? 0) + (random.chance(0.95) ? 1 : -random.below(3));
    this.#seqs.set(gateway, Math.max(seq, this.#seqs.get(gateway) ?? 0));
    const size = random.pick([3, 20, 1000, limit.quota]);
    const window = this.#window(key, limit);
    const want = random.below(size + 1);
    this.#previous = {
      key,
      limit: random.chance(0.95) ? limit : { ...limit, quota: random.below(2 * limit.quota + 2) },
      gateway,
      seq,
      ...(window !== undefined && { window }),
      held: window === undefined ? 0 : random.below(size + 1),
      want,
      atLeast: random.chance(0.8) ? 0 : random.below(want + 2),
    };
    return this.#previous;
  }

  heard(claim: Claim, grant: Grant): void {
    this.#lastGrants.set(claim.key, grant);
  }

  #window(key: CounterKey, limit: Limit): number | undefined {
    const last = this.#lastGrants.get(key);
    if (last === undefined || this.#random.chance(0.15)) return undefined;
    if (this.#random.chance(0.85)) return last.window;
    return last.window + (this.#random.below(5) - 2) * Math.floor(limit.windowMs / 2);
  }
}

describe.skipIf(redisMissing)('memory and Redis, on one virtual clock', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());

  test(
    `give the same answers and ledgers over ${claimsTotal} random claims`,
    { timeout: 120_000 },
    async () => {
      const random = seededRandom();
      const source = new ClaimSource(random);
      let nowMs = 1_790_000_000_123;
      const memory = new MemoryStore({ nowMs: () => nowMs, gateways: () => 0, ledgersMax: 1000 });
      const connection = connectRedis(server.address);
      const redis = new RedisStore({
        redis: connection,
        gateway: gateways[0]!,
        clock: { ...systemClock, after: () => () => {} },
        nowMs: () => nowMs,
      });
      await until(() => connection.status === 'ready');
      const seen = { granted: 0, partlyGranted: 0, refused: 0, stale: 0, healed: 0, windows: 0, lost: 0 };
      const keys = new Map<CounterKey, Limit>();

      for (let done = 0; done < claimsTotal; done += claimsPerCall) {
        const context = `seed ${random.seed}, claims ${done} to ${done + claimsPerCall}`;
        if (random.chance(0.5)) nowMs += random.below(random.pick([10, 20_000, 70_000, 4_000_000]));
        if (random.chance(0.03)) nowMs -= random.pick([random.below(50), random.below(50_000), 200_000_000]);
        if (random.chance(0.02)) {
          const forgotten = [...keys.keys()].filter(() => random.chance(0.5));
          seen.lost += forgotten.length;
          await Promise.all([memory.forget(forgotten), redis.forget(forgotten)]);
        }
        const claims = Array.from({ length: claimsPerCall }, () => source.next());
        for (const { key, limit } of claims) keys.set(key, limit);
        const before = await memory.read(claims.map(({ key }) => key));
        const [expected, actual] = await Promise.all([memory.settle(claims), redis.settle(claims)]);
        expect(actual.map(withoutGateways), context).toEqual(expected.map(withoutGateways));
        const all = [...keys.keys()];
        const [inMemory, inRedis] = await Promise.all([memory.read(all), redis.read(all)]);
        const running = (ledgers: readonly (Ledger | undefined)[]): unknown[] =>
          [...keys.values()].map((limit, index) => comparable(ledgers[index], limit, nowMs));
        expect(running(inRedis), context).toEqual(running(inMemory));
        for (const [index, claim] of claims.entries()) {
          const grant = expected[index]!;
          source.heard(claim, grant);
          count(seen, { claim, grant, before: before[index] });
        }
      }

      process.stdout.write(`  differential, seed ${random.seed}: ${JSON.stringify(seen)}\n`);
      for (const [what, times] of Object.entries(seen)) expect(times, what).toBeGreaterThan(100);
      await redis.close();
    },
  );
});

function count(
  seen: Record<'granted' | 'partlyGranted' | 'refused' | 'stale' | 'healed' | 'windows', number>,
  { claim, grant, before }: { claim: Claim; grant: Grant; before: Ledger | undefined },
): void {
  if (grant.outcome === 'stale') seen.stale += 1;
  else if (claim.want > 0 && grant.granted === claim.want) seen.granted += 1;
  else if (grant.granted > 0) seen.partlyGranted += 1;
  else if (claim.want > 0) seen.refused += 1;
  if (before !== undefined && grant.window > before.window) seen.windows += 1;
  const believed = before?.accounts.get(claim.gateway)?.held ?? 0;
  if (grant.outcome === 'granted' && claim.window === grant.window && claim.held !== believed)
    seen.healed += 1;
}

function withoutGateways(grant: Grant): Grant {
  return { ...grant, gateways: 0 };
}

/** A ledger that the next claim would find open: an ended one may be gone from one store and still stand in the other. */
function comparable(ledger: Ledger | undefined, limit: Limit, nowMs: number): unknown {
  if (ledger === undefined || !isOpen(limit, ledger.window, nowMs)) return undefined;
  return { ...ledger, accounts: Object.fromEntries(ledger.accounts) };
}
