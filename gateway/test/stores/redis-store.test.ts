import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GatewayId } from '../../src/limits/claim.ts';
import { counterKey } from '../../src/limits/counter-key.ts';
import { StoreError } from '../../src/limits/counter-store.ts';
import type { FixedWindow } from '../../src/limits/limit.ts';
import { connectRedis } from '../../src/stores/redis/connect.ts';
import { RedisStore } from '../../src/stores/redis/redis-store.ts';
import { systemClock } from '../../src/system-clock.ts';
import { redisMissing, RedisServer } from '../support/redis-server.ts';
import { StoreEar } from '../support/store-ear.ts';
import { until } from '../support/until.ts';
import { describeCounterStore } from './counter-store-contract.ts';

describe.skipIf(redisMissing)('the Redis store', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());

  const gateway = (name: string): GatewayId => name as GatewayId;
  const open = async (name: string, nowMs?: () => number, events = new StoreEar()): Promise<RedisStore> => {
    const redis = connectRedis(server.address);
    const store = new RedisStore({
      redis,
      gateway: gateway(name),
      clock: systemClock,
      events,
      ...(nowMs && { nowMs }),
    });
    await until(() => redis.status === 'ready');
    return store;
  };
  const second: FixedWindow = { kind: 'fixed-window', quota: 5, windowMs: 1000, starts: 'first-request' };
  const claimOn = (subject: string, name: string, seq = 1) => ({
    key: counterKey('redis', second, [subject]),
    limit: second,
    gateway: gateway(name),
    seq,
    held: 0,
    want: 1,
    atLeast: 0,
  });

  describeCounterStore('Redis', async () => {
    let nowMs = 0;
    const store = await open('contract', () => nowMs);
    return { store, setTime: (time: number) => (nowMs = time) };
  });

  test("counts on Redis' clock, and a ledger expires with its window", async () => {
    const store = await open('clock');
    const before = Date.now();
    const [grant] = await store.settle([claimOn('clock', 'clock')]);
    expect(grant!.window).toBeGreaterThanOrEqual(before - 5);
    expect(grant!.endsInMs).toBe(1000);
    await until(async () => (await store.read([claimOn('clock', 'clock').key]))[0] === undefined);
    expect(Date.now()).toBeGreaterThanOrEqual(grant!.window + 990);
    await store.close();
  });

  test('tells how many gateways live; one that closes leaves at once', async () => {
    const ear = new StoreEar();
    const one = await open('one');
    const two = await open('two');
    const idle = await open('idle', undefined, ear);
    await until(() => ear.gateways === 3);
    await idle.close();
    const gatewaysSeen = async (): Promise<number> =>
      (await one.settle([claimOn('seen', 'one')]))[0]!.gateways;
    await until(async () => (await gatewaysSeen()) === 2);
    await two.close();
    await until(async () => (await gatewaysSeen()) === 1);
    await one.close();
  });

  test('goes on when Redis has forgotten the scripts', async () => {
    const store = await open('flushed');
    await store.settle([claimOn('flush', 'flushed', 1)]);
    const admin = connectRedis(server.address);
    await until(() => admin.status === 'ready');
    await admin.script('FLUSH');
    const [grant] = await store.settle([claimOn('flush', 'flushed', 2)]);
    expect(grant).toMatchObject({ outcome: 'granted', granted: 1, used: 2 });
    admin.disconnect();
    await store.close();
  });

  test('fails at once when Redis is gone, says why, and works again when it is back', async () => {
    const store = await open('gone');
    await server.kill();
    await until(async () => {
      const failed = await store.settle([claimOn('gone', 'gone')]).catch((error: unknown) => error);
      expect(failed).toBeInstanceOf(StoreError);
      return failed instanceof StoreError && failed.message.includes('ECONNREFUSED');
    });
    await server.restart();
    await until(async () => {
      const grants = await store.settle([claimOn('gone', 'gone', 2)]).catch(() => []);
      return grants.length === 1;
    });
    await store.close();
  });

  test('suspects that data was lost when Redis was flushed, and after each reconnection, but not otherwise', async () => {
    const ear = new StoreEar();
    const store = await open('flushed', undefined, ear);
    const admin = connectRedis(server.address);
    await until(() => admin.status === 'ready');
    const beat = async (): Promise<string | null> => admin.zscore('sluice:gateways', 'flushed');
    const first = await beat();
    await until(async () => (await beat()) !== first);
    expect(ear.losses).toBe(0);
    await admin.flushall();
    await until(() => ear.losses === 1);
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal');
    await until(() => ear.losses >= 2);
    admin.disconnect();
    await store.close();
  });

  test('leaves a primary that was demoted, and sends no claim to it again', async () => {
    const store = await open('demoted');
    await store.settle([claimOn('demoted', 'demoted', 1)]);
    const admin = connectRedis(server.address);
    await until(() => admin.status === 'ready');
    const connections = async (): Promise<number> => {
      return Number(/total_connections_received:(\d+)/.exec(await admin.info('stats'))?.[1]);
    };
    const before = await connections();
    await admin.replicaof('127.0.0.1', '1');
    const failed = await store.settle([claimOn('demoted', 'demoted', 2)]).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(StoreError);
    expect(String(failed)).toContain('READONLY');
    await until(async () => (await connections()) > before);
    await admin.replicaof('NO', 'ONE');
    await until(async () => {
      const grants = await store.settle([claimOn('demoted', 'demoted', 3)]).catch(() => []);
      return grants.length === 1;
    });
    admin.disconnect();
    await store.close();
  });

  test('what Redis refuses for its own reasons fails as what it is, on a connection that stays', async () => {
    const store = await open('refused');
    const admin = server.client();
    const connections = async (): Promise<number> =>
      Number(/total_connections_received:(\d+)/.exec(await admin.info('stats'))?.[1]);
    const failing = async (seq: number): Promise<string> =>
      store.settle([claimOn('refused', 'refused', seq)]).then(
        () => 'settled',
        (error: unknown) => (error instanceof StoreError ? error.message : 'a bug'),
      );
    await store.settle([claimOn('refused', 'refused', 1)]);
    const before = await connections();
    await admin.config('SET', 'maxmemory', 1);
    expect(await failing(2)).toContain('OOM');
    await admin.config('SET', 'maxmemory', 0);
    await admin.config('SET', 'min-replicas-to-write', 1);
    expect(await failing(3)).toContain('NOREPLICAS');
    await admin.config('SET', 'min-replicas-to-write', 0);
    await admin.config('SET', 'busy-reply-threshold', 20);
    const endless = server.ask('EVAL', 'while true do end', 0).catch(() => 'killed');
    await until(async () => (await failing(4)).includes('BUSY'));
    await admin.script('KILL');
    expect(await endless).toBe('killed');
    expect(await failing(5)).toBe('settled');
    // One was the endless script's own.
    expect(await connections()).toBe(before + 1);
    admin.disconnect();
    await store.close();
  });

  test('a Redis that is still loading its data is waited for, and no claim reaches it before', async () => {
    const slow = await RedisServer.start([
      '--key-load-delay',
      '300',
      '--loading-process-events-interval-bytes',
      '1024',
    ]);
    const ear = new StoreEar();
    const redis = connectRedis(slow.address);
    const store = new RedisStore({ redis, gateway: gateway('loading'), clock: systemClock, events: ear });
    await store.settle([claimOn('loading', 'loading', 1)]);
    await slow.ask('EVAL', "for i = 1, 5000 do redis.call('SET', i, i) end", 0);
    await slow.ask('SAVE');
    const losses = ear.losses;
    await slow.kill();
    await slow.restart();
    expect(String(await slow.ask('INFO', 'persistence'))).toContain('loading:1');
    const failed = await store.settle([claimOn('loading', 'loading', 2)]).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(StoreError);
    await until(async () => {
      const grants = await store.settle([claimOn('loading', 'loading', 3)]).catch(() => []);
      return grants.length === 1;
    });
    expect(String(await slow.ask('INFO', 'persistence'))).toContain('loading:0');
    expect(ear.losses).toBeGreaterThan(losses);
    await store.close();
    await slow.stop();
  });

  test('never hangs on a frozen Redis, and never sends a claim twice', async () => {
    const store = await open('frozen');
    await store.settle([claimOn('frozen', 'frozen', 1)]);
    server.freeze();
    const failed = await store.settle([claimOn('frozen', 'frozen', 2)]).catch((error: unknown) => error);
    server.thaw();
    expect(failed).toBeInstanceOf(StoreError);
    await until(async () => {
      const grants = await store.settle([claimOn('thawed', 'frozen', 3)]).catch(() => []);
      return grants.length === 1;
    });
    const { key } = claimOn('frozen', 'frozen');
    const used = (await store.read([key]))[0]?.used ?? 0;
    expect(used).toBeLessThanOrEqual(2);
    await store.close();
  });
});
