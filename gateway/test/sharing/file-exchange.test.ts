import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RedisSettings } from '../../src/config/config.ts';
import { StoreError } from '../../src/limits/counter-store.ts';
import { FileExchange } from '../../src/sharing/file-exchange.ts';
import { systemClock } from '../../src/system-clock.ts';
import { redisMissing, RedisServer } from '../support/redis-server.ts';
import { RedisSentinels } from '../support/redis-sentinels.ts';
import { until } from '../support/until.ts';

const path = 'policies/Gold.yaml';

describe.skipIf(redisMissing)('files that gateways exchange over Redis', () => {
  let redis: RedisServer;
  let exchange: FileExchange;
  beforeAll(async () => {
    redis = await RedisServer.start();
    exchange = FileExchange.open(settingsOf(redis), 'tests', systemClock);
  });
  afterAll(async () => {
    exchange?.close();
    await redis?.stop();
  });

  const settingsOf = ({ address }: RedisServer): RedisSettings => ({
    kind: 'redis',
    topology: 'standalone',
    durability: 'primary',
    ...address,
    tls: false,
  });
  const publish = (more: Partial<Parameters<FileExchange['publish']>[0]>): Promise<number | undefined> =>
    exchange.publish({ path, body: 'body', expected: 0, floor: 0, ...more });

  test('each change has a higher revision, and who has not seen the last one changes nothing', async () => {
    expect(await exchange.revision()).toBeNull();
    const first = await publish({ body: 'one' });
    expect(first).toBe(1);
    expect(await publish({ body: 'late' })).toBeUndefined();
    expect(await publish({ body: 'early', expected: 7 })).toBeUndefined();
    expect(await publish({ path: 'policies/Other.yaml', body: 'other' })).toBe(2);
    expect(await publish({ body: 'two', expected: 1 })).toBe(3);
    expect(await exchange.entry(path)).toBe('3 two');
    expect(await exchange.all()).toEqual({
      revision: '3',
      entries: new Map([
        [path, '3 two'],
        ['policies/Other.yaml', '2 other'],
      ]),
    });
  });

  test('of many who change a file at once, each that succeeds has seen the one before', async () => {
    await redis.ask('FLUSHALL');
    const others = Array.from({ length: 4 }, () =>
      FileExchange.open(settingsOf(redis), 'tests', systemClock),
    );
    let succeeded = 0;
    const addOne = async (one: FileExchange): Promise<void> => {
      for (let done = 0; done < 25;) {
        const raw = (await one.entry(path)) ?? '0 0';
        const [revision = '', count = ''] = raw.split(' ');
        const body = String(Number(count) + 1);
        if ((await one.publish({ path, body, expected: Number(revision), floor: 0 })) === undefined) continue;
        done += 1;
        succeeded += 1;
      }
    };
    await Promise.all(others.map(addOne));
    expect(succeeded).toBe(100);
    expect(await exchange.entry(path)).toBe('100 100');
    for (const one of others) one.close();
  });

  test('a revision exceeds all that the publisher knows of, also when Redis has lost them', async () => {
    await redis.ask('FLUSHALL');
    expect(await publish({ floor: 57 })).toBe(58);
    expect(await publish({ expected: 58, floor: 3 })).toBe(59);
  });

  test('what Redis has lost is put back with its revision, and whoever looks sees that something is new', async () => {
    await redis.ask('FLUSHALL');
    expect(await publish({ restored: 40 })).toBe(40);
    expect(await exchange.revision()).toBe('41');
    expect(await publish({ path: 'policies/Other.yaml', restored: 7 })).toBe(7);
    expect(await exchange.revision()).toBe('42');
    expect(await publish({ restored: 50 })).toBeUndefined();
    expect(await publish({ expected: 40 })).toBe(43);
  });

  test('there is no room for more than 8 MiB', async () => {
    await redis.ask('FLUSHALL');
    const body = 'x'.repeat(3 * 1024 * 1024);
    expect(await publish({ body, path: 'policies/1.yaml' })).toBe(1);
    expect(await publish({ body, path: 'policies/2.yaml' })).toBe(2);
    await expect(publish({ body, path: 'policies/3.yaml' })).rejects.toThrow(StoreError);
    expect(await publish({ body: '', path: 'policies/1.yaml', expected: 1 })).toBe(3);
    expect(await publish({ body, path: 'policies/3.yaml' })).toBe(4);
  });

  test('what is no hash, or no revision, is an error', async () => {
    await redis.ask('FLUSHALL');
    await redis.ask('SET', 'sluice:files:tests', 'moon');
    await expect(exchange.revision()).rejects.toThrow(StoreError);
    await expect(exchange.all()).rejects.toThrow(StoreError);
    await expect(publish({})).rejects.toThrow(StoreError);
    await redis.ask('DEL', 'sluice:files:tests');
    await redis.ask('HSET', 'sluice:files:tests', '#revision', '1e3');
    await expect(exchange.revision()).rejects.toThrow(StoreError);
  });
});

describe.skipIf(redisMissing)('files that gateways exchange over a Redis that sentinels watch over', () => {
  test('go on after another server has become the primary', async () => {
    const setup = await RedisSentinels.start();
    const settings: RedisSettings = {
      kind: 'redis',
      topology: 'sentinel',
      durability: 'primary',
      ...setup.address,
      tls: false,
      sentinelTls: false,
    };
    const exchange = FileExchange.open(settings, 'tests', systemClock);
    const published = async (floor: number): Promise<number | undefined> => {
      const expected = Number.parseInt((await exchange.entry(path)) ?? '0', 10);
      return exchange.publish({ path, body: 'body', expected, floor });
    };
    const untilPublished = async (floor: number): Promise<number | undefined> => {
      let revision: number | undefined;
      await until(async () => {
        revision = await published(floor).catch(() => undefined);
        return revision !== undefined;
      }, 20_000);
      return revision;
    };
    try {
      expect(await untilPublished(0)).toBe(1);
      await (await setup.primary()).kill();
      expect(await untilPublished(1)).toBe(2);
    } finally {
      exchange.close();
      await setup.stop();
    }
  });
});
