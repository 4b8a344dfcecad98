import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Claim, Grant } from '../../src/limits/claim.ts';
import type { CounterKey } from '../../src/limits/counter-key.ts';
import { mattersUntilMs, type Ledger } from '../../src/limits/ledger.ts';
import type { Limit } from '../../src/limits/limit.ts';
import { MemoryStore } from '../../src/stores/memory-store.ts';
import type { CounterStore } from '../../src/limits/counter-store.ts';
import { ClusterPrimaries } from '../../src/stores/redis/cluster-primaries.ts';
import { ClusterStore } from '../../src/stores/redis/cluster-store.ts';
import { connectRedis } from '../../src/stores/redis/connect.ts';
import { connectSentinel } from '../../src/stores/redis/connect-sentinel.ts';
import { RedisStore } from '../../src/stores/redis/redis-store.ts';
import { systemClock } from '../../src/system-clock.ts';
import { connectThread } from '../support/threads.ts';
import { ClaimSource, gateways } from './claim-source.ts';
import { memberAddresses, MemberUnderTest } from '../support/members.ts';
import { seededRandom, type Random } from '../support/random.ts';
import { until } from '../support/until.ts';
import { StoreEar } from '../support/store-ear.ts';
import { RedisCluster } from '../support/redis-cluster.ts';
import { RedisSentinels } from '../support/redis-sentinels.ts';
import { redisMissing, RedisServer } from '../support/redis-server.ts';

const rounds = 10;
const claimsPerCall = 60;

/** A store on a virtual clock, and what it needs beneath it. */
interface Topology {
  open(nowMs: () => number): CounterStore;
  stop(): Promise<void>;
}

const parts = {
  gateway: gateways[0]!,
  clock: { ...systemClock, after: () => () => {} },
  events: new StoreEar(),
};

async function standalone(): Promise<Topology> {
  const server = await RedisServer.start();
  return {
    open: (nowMs) => new RedisStore({ redis: connectRedis(server.address), nowMs, ...parts }),
    stop: () => server.stop(),
  };
}

async function sentinels(): Promise<Topology> {
  const setup = await RedisSentinels.start();
  return {
    open(nowMs) {
      const { main: redis, close: alsoClose } = connectSentinel(setup.address, systemClock);
      return new RedisStore({ redis, alsoClose, nowMs, ...parts });
    },
    stop: () => setup.stop(),
  };
}

async function cluster(): Promise<Topology> {
  const setup = await RedisCluster.start();
  return {
    open(nowMs) {
      const primaries = new ClusterPrimaries(setup.address, { ...parts, durable: undefined });
      return new ClusterStore({ primaries, nowMs });
    },
    stop: () => setup.stop(),
  };
}

/** The memory store again, asked over a port as threads ask. */
function threads(): Promise<Topology> {
  return Promise.resolve({
    open(nowMs) {
      const store = new MemoryStore({ nowMs, gateways: () => 1, ledgersMax: 1000 });
      return connectThread(store).store;
    },
    stop: () => Promise.resolve(),
  });
}

async function members(): Promise<Topology> {
  const addresses = await memberAddresses(3);
  return {
    open(nowMs) {
      const start = async (): Promise<readonly MemberUnderTest[]> => {
        const options = { members: addresses, sharedWallMs: nowMs };
        const all = await Promise.all(
          addresses.map((address, index) => MemberUnderTest.start(`m${index}`, address, options)),
        );
        await until(() => all.every(({ ear }) => ear.gateways === addresses.length));
        return all;
      };
      const started = start();
      const asked = started.then(([first]) => first!.store);
      return {
        settle: async (claims) => (await asked).settle(claims),
        read: async (keys) => (await asked).read(keys),
        forget: async (keys) => (await asked).forget(keys),
        close: async () => {
          await Promise.all((await started).map(({ store }) => store.close()));
        },
      };
    },
    stop: () => Promise.resolve(),
  };
}

describe.skipIf(redisMissing).each([
  { name: 'Redis', claimsTotal: 120_000, start: standalone },
  { name: 'Redis with sentinels', claimsTotal: 30_000, start: sentinels },
  { name: 'Redis Cluster', claimsTotal: 30_000, start: cluster },
  { name: 'memory over a port', claimsTotal: 30_000, start: threads },
  { name: 'three clustered gateways', claimsTotal: 30_000, start: members },
])('memory and $name, on one virtual clock', ({ name, claimsTotal, start }) => {
  let topology: Topology;
  beforeAll(async () => {
    topology = await start();
  });
  afterAll(() => topology?.stop());

  test(
    `give the same answers and ledgers over ${claimsTotal} random claims`,
    { timeout: 120_000 },
    async () => {
      const random = seededRandom();
      const seen = { granted: 0, partlyGranted: 0, refused: 0, stale: 0, healed: 0, windows: 0, lost: 0 };
      // In rounds on keys of their own: Redis drops keys in real time, which may not pass while the virtual clock stands.
      for (let round = 0; round < rounds; round += 1) await compare(random, round, seen);
      process.stdout.write(`  differential, ${name}, seed ${random.seed}: ${JSON.stringify(seen)}\n`);
      for (const [what, times] of Object.entries(seen))
        expect(times, what).toBeGreaterThan(claimsTotal / 1200);
    },
  );

  const compare = async (random: Random, round: number, seen: Seen): Promise<void> => {
    const source = new ClaimSource(random, round);
    let nowMs = 1_790_000_000_123;
    let latestMs = nowMs;
    const memory = new MemoryStore({ nowMs: () => nowMs, gateways: () => 0, ledgersMax: 1000 });
    const redis = topology.open(() => nowMs);
    const keys = new Map<CounterKey, Limit>();
    for (let done = 0; done < claimsTotal / rounds; done += claimsPerCall) {
      const context = `seed ${random.seed}, round ${round}, claims ${done} to ${done + claimsPerCall}`;
      if (random.chance(0.5)) nowMs += random.below(random.pick([10, 60, 300, 20_000, 70_000, 4_000_000]));
      latestMs = Math.max(latestMs, nowMs);
      if (random.chance(0.03))
        nowMs = Math.max(nowMs - random.below(random.pick([50, 50_000])), latestMs - 55_000);
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
      const relevant = (ledgers: readonly (Ledger | undefined)[]): unknown[] =>
        [...keys.values()].map((limit, index) => comparable(ledgers[index], limit, nowMs));
      expect(relevant(inRedis), context).toEqual(relevant(inMemory));
      for (const [index, claim] of claims.entries()) {
        const grant = expected[index]!;
        source.heard(claim, grant);
        count(seen, { claim, grant, before: before[index] });
      }
    }
    await redis.close();
  };
});

type Seen = Record<'granted' | 'partlyGranted' | 'refused' | 'stale' | 'healed' | 'windows' | 'lost', number>;

function count(
  seen: Seen,
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

/** A ledger that the next claim would look at: others may be gone from one store and still stand in the other. */
function comparable(ledger: Ledger | undefined, limit: Limit, nowMs: number): unknown {
  if (ledger === undefined || nowMs >= mattersUntilMs(limit, ledger)) return undefined;
  return {
    ...ledger,
    accounts: Object.fromEntries(ledger.accounts),
    seqsBefore: Object.fromEntries(ledger.seqsBefore),
  };
}
