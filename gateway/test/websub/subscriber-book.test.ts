import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { userLine } from '../../src/stores/redis/acl.ts';
import { RedisScripts } from '../../src/stores/redis/redis-scripts.ts';
import { systemClock } from '../../src/system-clock.ts';
import { MemoryBook } from '../../src/websub/memory-book.ts';
import { RedisBook } from '../../src/websub/redis-book.ts';
import type { Subscriber } from '../../src/websub/subscriber.ts';
import type { Place, SubscriberBook } from '../../src/websub/subscriber-book.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { seededRandom } from '../support/random.ts';
import { RedisSentinels } from '../support/redis-sentinels.ts';
import { redisMissing, RedisServer } from '../support/redis-server.ts';
import { until } from '../support/until.ts';

const hour = 3_600_000;
const access = {
  topology: 'standalone',
  host: '127.0.0.1',
  database: 0,
  tls: false,
  connectDeadlineMs: 1000,
  silenceMsMax: 1000,
} as const;

function place(callback: string, more: Partial<Place> = {}): Place {
  return { api: '/hub:1', topic: '/news', application: 'app', callback, ...more };
}

function subscriber({ callback, application }: Place): Subscriber {
  const facts = { id: application, name: application, owner: 'o', tier: 'Unlimited', plan: 'Gold' };
  return { callback, application: facts, user: 'o', keyType: 'PRODUCTION', secret: 'ü"\\' };
}

describe.skipIf(redisMissing)('subscriber books', () => {
  let redis: RedisServer;
  let round = 0;
  const opened: SubscriberBook[] = [];
  const redisBook = (port: number, more = {}, ofTopicMax?: number): SubscriberBook => {
    const book = new RedisBook(new RedisScripts({ ...access, port, ...more }, systemClock), ofTopicMax);
    opened.push(book);
    return book;
  };

  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  beforeEach(() => (round += 1));
  afterAll(async () => {
    await Promise.all(opened.map((book) => book.close()));
    await redis?.stop();
  });

  describe.each([
    ['in memory', (ofTopicMax?: number) => new MemoryBook(systemClock, ofTopicMax)],
    ['in Redis', (ofTopicMax?: number) => redisBook(redis.port, {}, ofTopicMax)],
  ])('%s', (_, open) => {
    let book: SubscriberBook;
    let api: string;
    beforeEach(() => {
      book = open();
      api = `/hub:${round}`;
    });
    const at = (callback: string, more: Partial<Place> = {}): Place => place(callback, { api, ...more });
    const subscribe = async (where: Place, leaseMs = hour, slotsMax = 2): Promise<boolean> =>
      (await book.reserve(where, slotsMax)) &&
      (await book.confirm(where, slotsMax, { subscriber: subscriber(where), leaseMs }));
    const callbacks = async (topic = '/news'): Promise<string[]> =>
      (await book.subscribers(api, topic)).map(({ callback }) => callback).sort();

    test('give back who subscribed, with everything about it', async () => {
      await subscribe(at('a'));
      expect(await book.subscribers(api, '/news')).toEqual([subscriber(at('a'))]);
      expect(await book.subscribers(api, '/other')).toEqual([]);
      expect(await book.subscribers('/other:1', '/news')).toEqual([]);
    });

    test('a slot is taken when it is reserved, but nobody is subscribed yet', async () => {
      expect(await book.reserve(at('a'), 1)).toBe(true);
      expect(await callbacks()).toEqual([]);
      expect(await book.reserve(at('b'), 1)).toBe(false);
      await book.release(at('a'));
      expect(await book.reserve(at('b'), 1)).toBe(true);
    });

    test('slots are those of an application at an API, over all topics', async () => {
      expect(await subscribe(at('a'))).toBe(true);
      expect(await subscribe(at('a', { topic: '/other' }))).toBe(true);
      expect(await subscribe(at('b'))).toBe(false);
      expect(await subscribe(at('b', { application: 'another' }))).toBe(true);
      expect(await callbacks()).toEqual(['a', 'b']);
    });

    test('who subscribes again keeps its slot, also when that fails', async () => {
      await subscribe(at('a'));
      await subscribe(at('b'));
      expect(await book.reserve(at('a'), 2)).toBe(true);
      await book.release(at('a'));
      expect(await callbacks()).toEqual(['a', 'b']);
      expect(await subscribe(at('a'))).toBe(true);
      expect(await subscribe(at('c'))).toBe(false);
    });

    test('who is removed leaves its slot', async () => {
      await subscribe(at('a'));
      await subscribe(at('b'));
      await book.remove(at('a'));
      await book.remove(at('never'));
      expect(await callbacks()).toEqual(['b']);
      expect(await subscribe(at('c'))).toBe(true);
    });

    test('a lease ends, and its slot is free', async () => {
      await subscribe(at('a'), 20);
      await subscribe(at('b'));
      await sleep(40);
      expect(await callbacks()).toEqual(['b']);
      expect(await subscribe(at('c'))).toBe(true);
      expect(await callbacks()).toEqual(['b', 'c']);
    });

    test('an application may be called anything', async () => {
      for (const application of ['a b:{c}%', '\ud800', '\ud801', '<i>app/ü'])
        await subscribe(at('a', { application }), hour, 1);
      expect(await callbacks()).toEqual(['a', 'a', 'a', 'a']);
    });

    test('a topic takes no more than it may, also at once, and others when leases have ended', async () => {
      book = open(2);
      const confirm = (callback: string, leaseMs: number): Promise<boolean> =>
        book.confirm(at(callback), 9, { subscriber: subscriber(at(callback)), leaseMs });
      const taken = await Promise.all(['a', 'b', 'c'].map((callback) => confirm(callback, 50)));
      expect(taken).toEqual([true, true, false]);
      expect(await subscribe(at('a', { topic: '/other' }), hour, 9)).toBe(true);
      await sleep(80);
      expect([await confirm('d', hour), await confirm('e', hour)]).toEqual([true, true]);
      expect([await confirm('a', hour), await confirm('d', hour)]).toEqual([false, true]);
      expect(await callbacks()).toEqual(['d', 'e']);
    });

    test('no slots are no slots', async () => {
      expect(await book.reserve(at('a'), 0)).toBe(false);
    });
  });

  test('in memory nothing is kept of who has no slot any more', async () => {
    const clock = new FakeClock();
    const book = new MemoryBook(clock);
    const [a, b] = [place('a'), place('a', { application: 'other' })];
    await book.reserve(a, 0);
    await book.release(a);
    await book.remove(a);
    expect(book.size).toBe(0);
    await book.confirm(a, 1, { subscriber: subscriber(a), leaseMs: hour });
    await book.confirm(b, 1, { subscriber: subscriber(b), leaseMs: 2 * hour });
    await clock.advance(hour);
    expect(await book.subscribers(a.api, a.topic)).toEqual([subscriber(b)]);
    expect(book.size).toBe(1);
    await book.remove(b);
    expect(book.size).toBe(0);
  });

  test('both answer alike, whatever is asked of them', async () => {
    const random = seededRandom();
    const { seed } = random;
    const books = [new MemoryBook(systemClock), redisBook(redis.port)];
    const seen = new Set<string>();
    for (let step = 0; step < 600; step += 1) {
      const where = place(random.pick(['a', 'b', 'c', 'd']), {
        api: '/random:1',
        application: random.pick(['x', 'y']),
        topic: random.pick(['/one', '/two']),
      });
      const slotsMax = random.pick([1, 2, 3]);
      const terms = { subscriber: subscriber(where), leaseMs: hour };
      const action = random.pick(['reserve', 'confirm', 'release', 'remove', 'subscribers']);
      const answers = await Promise.all(
        books.map(async (book) => {
          if (action === 'reserve') return book.reserve(where, slotsMax);
          if (action === 'confirm') return book.confirm(where, slotsMax, terms);
          if (action === 'release') return book.release(where);
          if (action === 'remove') return book.remove(where);
          const found = await book.subscribers(where.api, where.topic);
          return found.map(({ callback, application }) => `${application.id} ${callback}`).sort();
        }),
      );
      seen.add(`${action} ${JSON.stringify(answers[0] ?? null).slice(0, 6)}`);
      expect(answers[1], `seed ${seed}, step ${step}: ${action} ${JSON.stringify(where)}`).toEqual(
        answers[0],
      );
    }
    expect(seen.size, `seed ${seed}`).toBeGreaterThan(6);
  });

  test('gateways on one Redis never take more slots than there are', async () => {
    const books = [redisBook(redis.port), redisBook(redis.port)];
    const took = await Promise.all(
      Array.from({ length: 40 }, (_, at) => books[at % 2]!.reserve(place(`c${at}`, { api: '/race:1' }), 7)),
    );
    expect(took.filter(Boolean)).toHaveLength(7);
  });

  test('the line for a user of Redis holds what a hub needs', async () => {
    const use = { database: 0, isCluster: false, isDurable: false, isHub: true };
    const line = userLine('hub', use).replace('>PASSWORD', '>secret');
    await redis.ask('ACL', ...line.split(' ').slice(1));
    const book = redisBook(redis.port, { user: 'hub', password: 'secret' });
    const where = place('a', { api: '/acl:1' });
    await book.reserve(where, 1);
    await book.confirm(where, 1, { subscriber: subscriber(where), leaseMs: 10 });
    await sleep(20);
    expect(await book.subscribers(where.api, where.topic)).toEqual([]);
    await book.release(where);
    await book.remove(where);
  });

  test('a primary that sentinels watch over keeps them too, and who takes its place', async () => {
    const sentinels = await RedisSentinels.start();
    try {
      const book = new RedisBook(
        new RedisScripts({ ...sentinels.address, topology: 'sentinel' }, systemClock),
      );
      opened.push(book);
      const where = place('a', { api: '/sentinels:1' });
      const terms = { subscriber: subscriber(where), leaseMs: hour };
      await until(() => book.confirm(where, 1, terms).catch(() => false));
      const primary = await sentinels.primary();
      for (const server of sentinels.servers)
        await until(async () => Number(await server.ask('DBSIZE')) === 2);
      await primary.kill();
      const found = () => book.subscribers(where.api, where.topic).catch(() => []);
      await until(async () => (await found()).length === 1, 20_000);
      expect(await book.reserve(place('b', { api: '/sentinels:1' }), 1)).toBe(false);
    } finally {
      await sentinels.stop();
    }
  });

  test('a Redis that is away is no answer', async () => {
    const book = redisBook(1);
    await expect(book.reserve(place('a'), 1)).rejects.toThrow(/ECONNREFUSED|no connection/);
    await expect(book.subscribers('a', 'b')).rejects.toThrow(/ECONNREFUSED|no connection/);
  });
});
