import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { countInMembers, countInRedis, type Counting } from '../support/counting.ts';
import { hourWithRoom } from '../support/hour-with-room.ts';
import { Load } from '../support/load.ts';
import { redisMissing } from '../support/redis-server.ts';
import { SpansBackend } from '../support/spans-backend.ts';
import { subscriptionPolicy, type TestHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';
import { apiKey, close, embedded, homeOf, open, path, perHour } from './two-threads.ts';

afterEach(close);

describe('threads that count together', () => {
  const inProcess = (): Promise<Pick<Counting, 'deployment' | 'environmentOf' | 'close'>> =>
    Promise.resolve({ deployment: embedded, environmentOf: () => ({}), close: () => Promise.resolve() });
  const ways = [
    { how: 'one gateway of two threads, counters embedded', gateways: 1, isMissing: false, count: inProcess },
    { how: 'one gateway of two threads on Redis', gateways: 1, isMissing: redisMissing, count: countInRedis },
    {
      how: 'two gateways of two threads on one Redis',
      gateways: 2,
      isMissing: redisMissing,
      count: countInRedis,
    },
    {
      how: 'three clustered gateways of two threads',
      gateways: 3,
      isMissing: false,
      count: () => countInMembers(3),
    },
  ];
  describe.each(ways.filter(({ isMissing }) => !isMissing))('$how', ({ gateways, count }) => {
    let counting: Awaited<ReturnType<typeof count>>;
    beforeAll(async () => {
      counting = await count();
    });
    afterAll(() => counting?.close());
    const start = async (home: TestHome): Promise<readonly string[]> => {
      const all = await Promise.all(
        Array.from({ length: gateways }, (_, index) => open(home, counting.environmentOf(index))),
      );
      for (const gateway of all)
        await until(async () => (await gateway.metric('sluice_gateways')) === 2 * gateways);
      return all.map(({ url }) => `${url}${path}`);
    };
    test('200 a second are never exceeded under three times the load', async () => {
      const backend = await SpansBackend.start();
      const plan = subscriptionPolicy('Plan', { perSeconds: { seconds: 1, units: 200 } });
      const urls = await start(homeOf(counting.deployment, backend.port, plan));
      const load = new Load({ urls, apiKey, perSecond: 600 });
      const { statuses } = await load.observe(backend, 4000);
      await load.end();
      backend.close();
      const windows = backend.windows({ units: 200, windowMs: 1000 });
      const seen = JSON.stringify(windows.map(({ admitted, over, missed }) => ({ admitted, over, missed })));
      expect(
        windows.reduce((sum, { over }) => sum + over, 0),
        seen,
      ).toBe(0);
      expect(new Set(statuses)).toEqual(new Set([200, 429]));
    });

    test('1,000 an hour are exactly 1,000', async () => {
      await hourWithRoom();
      const backend = await SpansBackend.start();
      const urls = await start(homeOf(counting.deployment, backend.port, perHour(1000)));
      const load = new Load({ urls, apiKey, perSecond: 600 });
      await until(() => backend.arrivalsMs.length >= 1000, 20_000);
      const { statuses } = await load.observe(backend, 1000);
      await load.end();
      backend.close();
      expect(backend.arrivalsMs.length).toBe(1000);
      expect(new Set(statuses)).toEqual(new Set([429]));
    });
  });
});
