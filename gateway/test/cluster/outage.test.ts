import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEchoBackend, type EchoBackend } from '../../src/cli/demo/echo-backend.ts';
import { Gateways, redisDeployment } from '../support/gateways.ts';
import { busySeconds, Load, percentile, type Observed } from '../support/load.ts';
import { redisMissing, RedisServer } from '../support/redis-server.ts';
import { apiProject, application, subscriptionPolicy, TestHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

const limit = 90;
const gatewayCount = 3;

/** Timings are told, not judged: on a busy machine they would say more about the machine than about us. */
describe.skipIf(redisMissing)('three gateways whose Redis goes away under load', () => {
  let redis: RedisServer;
  let backend: EchoBackend;
  let home: TestHome;
  let gateways: Gateways;

  beforeAll(async () => {
    redis = await RedisServer.start();
    backend = await startEchoBackend(() => performance.now());
    home = new TestHome({
      'repository/conf/deployment.toml': redisDeployment(redis),
      'apis/Open.yaml': apiProject({ name: 'Open', production: backend.port, policies: ['Burst90'] }),
      'policies/Burst90.yaml': subscriptionPolicy('Burst90', { perMinute: 90_000, burstPerSecond: limit }),
      'applications/Burst.yaml': application('Burst', { Open: 'Burst90' }),
    });
    gateways = await Gateways.start(home.path, gatewayCount);
  });
  afterAll(async () => {
    await gateways?.stop();
    await Promise.all([backend?.close(), redis?.stop()]);
    home?.remove();
  });

  const startLoad = async (): Promise<Load> => {
    const urls = gateways.urls.map((url) => `${url}/open/1.0.0/items`);
    const load = new Load({ urls, apiKey: 'Burst-production', perSecond: 400 });
    // Each gateway has been told how many there are.
    await until(async () =>
      (await gateways.metric('sluice_gateways')).every((count) => count === gatewayCount),
    );
    await load.observe(backend, 1000);
    return load;
  };
  const all = async (state: string): Promise<boolean> =>
    (await gateways.readiness()).every((readiness) => readiness.state === state);
  const tell = (what: string, { waitsMs }: Observed, more = ''): void => {
    const p99 = percentile(waitsMs, 0.99).toFixed(1);
    const longest = percentile(waitsMs, 1).toFixed(1);
    process.stdout.write(
      `  ${what}: ${waitsMs.length} requests, p99 ${p99} ms, longest ${longest} ms${more}\n`,
    );
  };

  test('shares keep to the limit while it is gone, and it is exact again when it is back', async () => {
    const load = await startLoad();
    await redis.kill();
    await until(() => all('degraded'));
    const away = await load.observe(backend, 3000);
    await redis.restart();
    const restartedMs = performance.now();
    await until(() => all('ready'));
    const readyAfterMs = (performance.now() - restartedMs).toFixed(0);
    const back = await load.observe(backend, 3000);
    await load.end();
    tell('Redis gone', away);
    tell('Redis back', back, `, ready after ${readyAfterMs} ms`);

    expectServed(away);
    expect(new Set(back.statuses)).toEqual(new Set([200, 429]));
    for (const count of busySeconds(away.arrivalsMs)) expect(count).toBeLessThanOrEqual(limit);
    for (const count of busySeconds(back.arrivalsMs)) expect(count).toBeLessThanOrEqual(limit);
    // A third for each gateway while alone, and all of it together: at least two whole windows of the three seconds.
    expect(away.arrivalsMs.length).toBeGreaterThanOrEqual(2 * limit);
    expect(back.arrivalsMs.length).toBeGreaterThanOrEqual(2 * limit);
  });

  test('a frozen Redis costs one claim deadline, not one per request', async () => {
    const load = await startLoad();
    const lost = async (): Promise<number> =>
      (await gateways.metric('sluice_claims_total{outcome="lost"}')).reduce((sum, count) => sum + count, 0);
    const lostBefore = await lost();
    redis.freeze();
    const frozen = await load.observe(backend, 2000);
    const lostWhileFrozen = (await lost()) - lostBefore;
    redis.thaw();
    await until(() => all('ready'));
    await load.end();
    tell('Redis frozen', frozen, `, ${lostWhileFrozen} claims lost`);

    expect(frozen.waitsMs.length).toBeGreaterThan(500);
    expectServed(frozen);
    for (const count of busySeconds(frozen.arrivalsMs)) expect(count).toBeLessThanOrEqual(limit);
    // The claims in flight, and then one probe at a time: ten a second for each gateway, at the most.
    expect(lostWhileFrozen).toBeGreaterThan(0);
    expect(lostWhileFrozen).toBeLessThan(gatewayCount * 3 * 15);
  });
});

/** Between two windows, for as long as the last answer of the store took, nobody can tell which one runs: that is no 429. */
function expectServed({ statuses }: Observed): void {
  expect([...new Set(statuses)].filter((status) => ![200, 429, 503].includes(status))).toEqual([]);
  expect(statuses.filter((status) => status === 503).length).toBeLessThan(statuses.length / 10);
  expect(statuses).toEqual(expect.arrayContaining([200, 429]));
}
