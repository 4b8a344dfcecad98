import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Claim, GatewayId, Grant } from '../../src/limits/claim.ts';
import { counterKey } from '../../src/limits/counter-key.ts';
import { StoreError } from '../../src/limits/counter-store.ts';
import type { FixedWindow } from '../../src/limits/limit.ts';
import { ClaimPipeline } from '../../src/stores/redis/claim-pipeline.ts';
import { connectSentinel } from '../../src/stores/redis/connect-sentinel.ts';
import { RedisStore } from '../../src/stores/redis/redis-store.ts';
import type { SentinelAddress } from '../../src/stores/redis/sentinel-watch.ts';
import { systemClock } from '../../src/system-clock.ts';
import { RedisSentinels } from '../support/redis-sentinels.ts';
import { redisMissing } from '../support/redis-server.ts';
import { StoreEar } from '../support/store-ear.ts';
import { until } from '../support/until.ts';
import { describeCounterStore } from './counter-store-contract.ts';

describe.skipIf(redisMissing)('a Redis that sentinels watch over', () => {
  let setup: RedisSentinels;
  beforeAll(async () => {
    setup = await RedisSentinels.start();
  });
  afterAll(() => setup?.stop());

  const gateway = 'sentinel' as GatewayId;
  const open = (
    more: { readonly nowMs?: () => number; readonly events?: StoreEar; readonly durable?: true } = {},
  ): RedisStore => {
    const { nowMs, events = new StoreEar(), durable } = more;
    const { main: redis, lanes, close } = connectSentinel(setup.address, systemClock, durable ? 2 : 0);
    return new RedisStore({
      redis,
      durable: durable && new ClaimPipeline({ lanes, replicaWaitMs: 300 }),
      alsoClose: close,
      gateway,
      clock: systemClock,
      events,
      ...(nowMs && { nowMs }),
    });
  };
  const hour: FixedWindow = { kind: 'fixed-window', quota: 1000, windowMs: 3_600_000, starts: 'aligned' };
  let seq = 0;
  const claimOn = (subject: string, more: Partial<Claim> = {}): Claim => {
    const key = counterKey('sentinel', hour, [subject]);
    return { key, limit: hour, gateway, seq: (seq += 1), held: 0, want: 1, atLeast: 0, ...more };
  };
  const tried = (store: RedisStore, claim: Claim): Promise<Grant | StoreError> =>
    store.settle([claim]).then(
      ([grant]) => grant!,
      (error: unknown) => {
        if (error instanceof StoreError) return error;
        throw error;
      },
    );
  const untilGranted = async (store: RedisStore, subject: string): Promise<Grant> => {
    let last: Grant | StoreError | undefined;
    await until(async () => {
      last = await tried(store, claimOn(subject));
      return !(last instanceof StoreError);
    }, 20_000);
    return last as Grant;
  };

  describeCounterStore('Redis with sentinels', async () => {
    let nowMs = 0;
    const store = open({ nowMs: () => nowMs });
    return { store, setTime: (time) => (nowMs = time) };
  });
  describeCounterStore('Redis with sentinels, durable', async () => {
    let nowMs = 0;
    const store = open({ nowMs: () => nowMs, durable: true });
    return { store, setTime: (time) => (nowMs = time) };
  });

  test('sentinels out of reach, or that know another name, are told with the claims that fail', async () => {
    const failing = async (more: Partial<SentinelAddress>): Promise<string> => {
      const { main: redis, close } = connectSentinel({ ...setup.address, ...more }, systemClock);
      const events = new StoreEar();
      const store = new RedisStore({ redis, alsoClose: close, gateway, clock: systemClock, events });
      const answer = await tried(store, claimOn('nowhere'));
      await store.close();
      return answer instanceof StoreError ? answer.message : 'settled';
    };
    expect(await failing({ sentinels: [{ host: '127.0.0.1', port: 1 }] })).toMatch(
      /no primary known: the sentinel at 127\.0\.0\.1:1: connect ECONNREFUSED/,
    );
    expect(await failing({ masterName: 'other' })).toMatch(/no primary known: ERR No such master/);
  });

  test('a claim counts only when a replica has it, and what failed for that flows back', async () => {
    const store = open({ durable: true });
    const { window } = (await tried(store, claimOn('durable', { want: 5 }))) as Grant;
    const replicas = setup.servers.filter(({ port }) => port !== setup.servers[0]!.port);
    for (const replica of replicas) replica.freeze();
    const failed = await tried(store, claimOn('durable', { window, held: 5 }));
    for (const replica of replicas) replica.thaw();
    expect(failed).toMatchObject({ message: 'no replica has confirmed the claims within 300 ms' });
    await until(async () => {
      const grant = await tried(store, claimOn('durable', { window, held: 5, want: 0 }));
      return !(grant instanceof StoreError) && grant.used === 5;
    });
    await store.close();
  });

  test('a claim that needs the text of the script waits for a replica too', async () => {
    const store = open({ durable: true });
    await tried(store, claimOn('text'));
    await (await setup.primary()).ask('SCRIPT', 'FLUSH');
    expect(await tried(store, claimOn('text'))).toMatchObject({ granted: 1, used: 2 });
    await store.close();
  });

  test('a failover that is asked for: the next primary is found, and nothing is sent to a replica', async () => {
    const ear = new StoreEar();
    const store = open({ events: ear });
    const before = await setup.primary();
    await untilGranted(store, 'asked');
    const losses = ear.losses;
    await setup.sentinels[0]!.ask('SENTINEL', 'FAILOVER', 'limits');
    await until(async () => (await setup.primary()) !== before, 20_000);
    const said: string[] = [];
    await until(async () => {
      const answer = await tried(store, claimOn('asked'));
      if (answer instanceof StoreError) said.push(answer.message);
      return !(answer instanceof StoreError);
    });
    expect(said.filter((one) => one.includes('READONLY'))).toEqual([]);
    await until(() => ear.losses > losses);
    expect(await (await setup.primary()).ask('EXISTS', `sluice:${claimOn('asked').key}`)).toBe(1);
    await setup.untilWatched();
    await store.close();
  });

  test('a frozen primary is left for the next one, and is not gone back to when it thaws', async () => {
    const store = open();
    const frozen = await setup.primary();
    await untilGranted(store, 'frozen');
    frozen.freeze();
    await until(async () => (await setup.primary()) !== frozen, 20_000);
    await untilGranted(store, 'frozen');
    const counted = Number((await store.read([claimOn('frozen').key]))[0]?.used);
    frozen.thaw();
    // It still takes itself for the primary; nobody may tell it anything.
    for (let count = 0; count < 20; count += 1) await untilGranted(store, 'frozen');
    expect((await store.read([claimOn('frozen').key]))[0]?.used).toBe(counted + 20);
    await setup.untilWatched();
    await store.close();
  });

  test('a sentinel that is cut off with an old primary has no say', async () => {
    const before = await setup.primary();
    const [stale, other] = setup.sentinels;
    stale!.freeze();
    await other!.ask('SENTINEL', 'FAILOVER', 'limits');
    await until(async () => (await setup.primary()) !== before, 20_000);
    const store = open();
    await untilGranted(store, 'stale');
    const { key } = claimOn('stale');
    expect(await (await setup.primary()).ask('EXISTS', `sluice:${key}`)).toBe(1);
    stale!.thaw();
    expect((await untilGranted(store, 'stale')).used).toBe(2);
    await setup.untilWatched();
    await store.close();
  });

  test('sentinels that are set up anew are believed, though their epochs start again', async () => {
    const store = open();
    await untilGranted(store, 'anew');
    const before = await setup.primary();
    const next = setup.servers.find((server) => server !== before)!;
    for (const sentinel of setup.sentinels) await sentinel.ask('SENTINEL', 'REMOVE', 'limits');
    await next.ask('REPLICAOF', 'NO', 'ONE');
    for (const server of setup.servers) {
      if (server !== next) await server.ask('REPLICAOF', '127.0.0.1', next.port);
    }
    for (const sentinel of setup.sentinels) {
      await sentinel.ask('SENTINEL', 'MONITOR', 'limits', '127.0.0.1', next.port, 2);
      await sentinel.ask('SENTINEL', 'SET', 'limits', 'down-after-milliseconds', 500);
    }
    expect((await untilGranted(store, 'anew')).granted).toBe(1);
    expect(await next.ask('EXISTS', `sluice:${claimOn('anew').key}`)).toBe(1);
    await setup.untilWatched();
    await store.close();
  });
});
