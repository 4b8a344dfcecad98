import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Claim, GatewayId } from '../../src/limits/claim.ts';
import { counterKey } from '../../src/limits/counter-key.ts';
import { StoreError } from '../../src/limits/counter-store.ts';
import type { Limit } from '../../src/limits/limit.ts';
import { Limiter } from '../../src/limiter/limiter.ts';
import type { FailureRules } from '../../src/limiter/decision.ts';
import { levels } from '../../src/policy/levels.ts';
import { redisKey } from '../../src/stores/redis/codec.ts';
import { connectRedis } from '../../src/stores/redis/connect.ts';
import { RedisStore } from '../../src/stores/redis/redis-store.ts';
import { systemClock } from '../../src/system-clock.ts';
import { redisMissing, RedisServer } from '../support/redis-server.ts';
import { StoreEar } from '../support/store-ear.ts';
import { until } from '../support/until.ts';
import { requestCharge } from '../../src/policy/plan.ts';

/*
 * What gateways of version 1 leave behind in Redis. It stands here as it was written then: gateways of two versions run side by side
 * during an upgrade, so a later version must read it. Add to this file; change nothing in it. What members send: member-formats.test.ts.
 */

const noon = 1_790_000_040_000;
const denied = Object.fromEntries(levels.map((level) => [level, 'deny'])) as FailureRules;
const minute: Limit = { kind: 'fixed-window', quota: 10, windowMs: 60_000, starts: 'aligned' };

describe.skipIf(redisMissing)('a ledger in Redis that version 1 wrote', () => {
  test.each<[string, Limit, Readonly<Record<string, string>>, object]>([
    [
      'fixed window',
      minute,
      { window: String(noon), used: '7', 'h:old': '7', 's:old': '3', 'b:older': '9' },
      { granted: 3, used: 10, window: noon },
    ],
    [
      'sliding window',
      { kind: 'sliding-window', quota: 10, windowMs: 60_000 },
      { window: String(noon), used: '4', 'h:old': '4', 's:old': '3', carried: '4', at: '0' },
      { granted: 4, used: 10, window: noon },
    ],
    [
      'token bucket',
      { kind: 'token-bucket', quota: 1, windowMs: 60_000, burst: 10 },
      {
        window: String(noon + 30_000),
        used: '8',
        'h:old': '8',
        's:old': '3',
        carried: '480000',
        at: String(noon + 30_000),
      },
      { granted: 2, used: 10 },
    ],
  ])('%s counts on', async (kind, limit, hash, expected) => {
    const server = await RedisServer.start();
    const redis = connectRedis(server.address);
    const parts = { redis, gateway: 'new' as GatewayId, clock: systemClock, events: new StoreEar() };
    const store = new RedisStore({ ...parts, nowMs: () => noon + 30_000 });
    await until(() => redis.status === 'ready');
    const key = counterKey('formats', limit, [kind]);
    await redis.hset(redisKey(key), hash);
    const claim: Claim = { key, limit, gateway: 'new' as GatewayId, seq: 1, held: 0, want: 5, atLeast: 0 };
    expect((await store.settle([claim]))[0]).toMatchObject(expected);
    await store.close();
    await server.stop();
  });
});

describe.skipIf(redisMissing)('ledgers in Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());
  beforeEach(() => server.ask('FLUSHALL'));

  const gateway = 'new' as GatewayId;
  const open = async (nowMs?: () => number, events = new StoreEar()): Promise<RedisStore> => {
    const redis = connectRedis(server.address);
    const store = new RedisStore({ redis, gateway, clock: systemClock, events, ...(nowMs && { nowMs }) });
    await until(() => redis.status === 'ready');
    return store;
  };
  const key = counterKey('formats', minute, ['subject']);
  const at = redisKey(key);
  const claim = (more: Partial<Claim> = {}): Claim => {
    return { key, limit: minute, gateway, seq: 1, held: 0, want: 5, atLeast: 0, ...more };
  };
  const failureOf = async (asking: Promise<unknown>): Promise<string> => {
    try {
      await asking;
      return 'none';
    } catch (error) {
      if (error instanceof StoreError) return error.message;
      throw error;
    }
  };
  const newer =
    'the store speaks a newer format: a later version of Sluice has written a ledger of format 2, the newest known here is 1';
  /** Version 1 with more in it, and nothing that version 1 knows. */
  const laterLedgers: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ['like ours', { window: String(noon), used: '7', 'h:old': '7', 's:old': '3', v: '2' }],
    ['nothing like ours', { v: '2', x: 'binary' }],
    ['long over', { window: '0', used: '7', v: '2' }],
  ];
  const accounts = { used: '7', 'h:new': '5', 's:new': '2', 'h:two': '2', 's:two': '1' };
  const written: readonly (readonly [string, Limit, Readonly<Record<string, string>>])[] = [
    ['fixed window', minute, { ...accounts, window: String(noon) }],
    [
      'sliding window',
      { kind: 'sliding-window', quota: 10, windowMs: 60_000 },
      { ...accounts, window: String(noon), carried: '0', at: '0' },
    ],
    [
      'token bucket',
      { kind: 'token-bucket', quota: 1, windowMs: 60_000, burst: 10 },
      { ...accounts, window: String(noon + 30_000), carried: '420000', at: String(noon + 30_000) },
    ],
  ];

  test.each(written)('%s: what this version writes is version 1, to the byte', async (_, limit, hash) => {
    const store = await open(() => noon + 30_000);
    const claims = [
      claim({ limit, want: 4 }),
      claim({ limit, gateway: 'two' as GatewayId, want: 2 }),
      claim({ limit, seq: 2, want: 1 }),
    ];
    await store.settle(claims);
    const redis = server.client();
    expect(await redis.hgetall(at)).toEqual(hash);
    await store.close();
    redis.disconnect();
  });

  test('version 1 may be said, too', async () => {
    const store = await open(() => noon + 30_000);
    await server.ask('HSET', at, 'window', noon, 'used', 7, 'h:old', 7, 's:old', 3, 'v', 1);
    expect(await store.settle([claim()])).toMatchObject([{ granted: 3, used: 10, window: noon }]);
    expect((await store.read([key]))[0]).toMatchObject({ window: noon, used: 10 });
    await store.close();
  });

  test.each(laterLedgers)('of a later version, %s: nothing is claimed, read or changed', async (_, hash) => {
    const store = await open(() => noon + 30_000);
    const redis = server.client();
    await redis.hset(at, hash);
    const before = await redis.dumpBuffer(at);
    const connections = Number(/total_connections_received:(\d+)/.exec(await redis.info('stats'))?.[1]);
    const other = claim({ key: counterKey('formats', minute, ['other']) });
    expect(await failureOf(store.settle([other, claim()]))).toBe(newer);
    expect(await failureOf(store.read([key]))).toBe(newer);
    expect(await failureOf(store.settle([claim({ seq: 2, window: noon, held: 9 })]))).toBe(newer);
    // While it stands no other counter is claimed either: others of the same writer would fail the next time.
    expect(await failureOf(store.settle([{ ...other, seq: 3 }]))).toBe(newer);
    expect(await redis.dumpBuffer(at)).toEqual(before);
    expect(Number(/total_connections_received:(\d+)/.exec(await redis.info('stats'))?.[1])).toBe(connections);
    await redis.del(at);
    expect(await store.settle([claim({ seq: 4 })])).toMatchObject([{ granted: 5, used: 5 }]);
    await store.close();
    redis.disconnect();
  });

  test('a gateway that meets a later version says so once, decides by on_failure, and counts on when it is gone', async () => {
    const events: string[] = [];
    const ear = new StoreEar();
    const limiter = new Limiter({
      store: await open(undefined, ear),
      clock: systemClock,
      settings: {
        gateway,
        claimDeadlineMs: 1000,
        gatewaysMin: 1,
        onStoreFailure: denied,
        leases: { horizonMs: 100, recheckMs: 100 },
      },
      recorder: {
        settled() {},
        lost() {},
        batchTook() {},
        storeAway: (reason) => events.push(reason.message),
        storeBack: () => events.push('back'),
      },
    });
    const redis = server.client();
    await redis.hset(at, { v: '2' });
    const charges = [requestCharge('subscription', minute, key)];
    const asked = async (): Promise<number> =>
      Number(/cmdstat_hmget:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0);
    expect(await limiter.admit(charges)).toMatchObject({ admitted: false, because: 'store-unavailable' });
    const before = await asked();
    await until(async () => (await asked()) >= before + 5);
    expect(await limiter.admit(charges)).toMatchObject({ admitted: false, because: 'store-unavailable' });
    expect(events).toEqual([newer]);
    await redis.del(at);
    await until(() => events.length === 2);
    expect(await limiter.admit(charges)).toMatchObject({ admitted: true, certain: true });
    await limiter.close();
    redis.disconnect();
  });

  test('the roster of version 1 counts on, and is written as it was', async () => {
    const ear = new StoreEar();
    const [seconds] = (await server.ask('TIME')) as string[];
    const atMs = Number(seconds) * 1000;
    await server.ask('ZADD', 'sluice:gateways', atMs, 'old');
    const store = await open(undefined, ear);
    await until(() => ear.gateways === 2);
    expect(await server.ask('ZRANGE', 'sluice:gateways', 0, -1)).toEqual(['old', 'new']);
    expect(Number(await server.ask('ZSCORE', 'sluice:gateways', 'new'))).toBeGreaterThanOrEqual(atMs);
    await store.close();
  });
});
