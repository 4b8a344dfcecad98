import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cluster } from '../../src/cli/demo/cluster.ts';
import { example, exampleHome } from '../../src/cli/demo/example.ts';
import { systemClock } from '../../src/system-clock.ts';
import { minuteWithRoom } from '../support/hour-with-room.ts';
import { redisMissing, RedisServer } from '../support/redis-server.ts';
import { sluice } from '../support/sluice.ts';

test('sluice check finds nothing wrong with the example', async () => {
  const { code, stdout } = await sluice(['check', '--home', exampleHome(), '--json']).ended;
  const findings = JSON.parse(stdout) as { severity: string }[];
  expect(findings.filter(({ severity }) => severity !== 'note')).toEqual([]);
  expect(code).toBe(0);
});

describe.skipIf(redisMissing)('examples/orders-cluster on two gateways and a Redis', () => {
  let redis: RedisServer;
  let cluster: Cluster;

  beforeAll(async () => {
    redis = await RedisServer.start();
    cluster = await Cluster.start({
      home: exampleHome(),
      backendPorts: example.backendPorts,
      gateways: 2,
      redisUrl: `redis://127.0.0.1:${redis.port}`,
      clock: systemClock,
    });
  });
  afterAll(async () => {
    await cluster?.stop();
    await redis?.stop();
  });

  let turn = 0;
  const ask = async (
    path: string,
    apiKey?: string,
    method = 'GET',
  ): Promise<{ status: number; backend: number }> => {
    turn += 1;
    const headers = apiKey === undefined ? {} : { ApiKey: apiKey };
    const before = [...cluster.backends.values()].map(({ arrivalsMs }) => arrivalsMs.length);
    const response = await fetch(`${cluster.gateways[turn % 2]!.url}${path}`, { headers, method });
    await response.arrayBuffer();
    const after = [...cluster.backends.values()].map(({ arrivalsMs }) => arrivalsMs.length);
    const reached = after.findIndex((count, index) => count > before[index]!);
    return { status: response.status, backend: [...cluster.backends.keys()][reached] ?? 0 };
  };
  const statusesOf = async (times: number, ...request: Parameters<typeof ask>): Promise<number[]> => {
    const all: number[] = [];
    for (let i = 0; i < times; i += 1) all.push((await ask(...request)).status);
    return all;
  };

  test.each([
    { key: 'mobile-prod-key', path: '/orders/1.0.0/items', backend: 9001 },
    { key: 'mobile-sandbox-key', path: '/orders/1.0.0/items', backend: 9002 },
    { key: 'shop-prod-key', path: '/payments/2.0.0/charges/7', backend: 9003 },
    { key: 'shop-sandbox-key', path: '/payments/charges/7', backend: 9004 },
    { key: undefined, path: '/orders/1.0.0/status', backend: 9001 },
  ])('$key at $path reaches the backend on $backend', async ({ key, path, backend }) => {
    expect(await ask(path, key)).toEqual({ status: 200, backend });
  });

  test('Trial may send ten requests a minute, over both gateways', async () => {
    const { apiKey, path, perMinute } = example.trial;
    await minuteWithRoom(3000);
    const statuses = await statusesOf(perMinute + 3, path, apiKey);
    expect(statuses.filter((status) => status === 200).length).toBe(perMinute);
    // Near its end a unit may lie ready on one gateway while the other refuses; so which ones pass is not promised.
    expect(statuses.filter((status) => status === 429).length).toBe(3);
  });

  test('five deletes a minute pass, whoever asks', async () => {
    await minuteWithRoom(3000);
    const mobile = await statusesOf(3, '/orders/1.0.0/items/1', 'mobile-prod-key', 'DELETE');
    const shop = await statusesOf(4, '/orders/1.0.0/items/1', 'shop-prod-key', 'DELETE');
    expect([...mobile, ...shop]).toEqual([200, 200, 200, 200, 200, 429, 429]);
  });

  test('the Payments sandbox takes twenty a minute', async () => {
    const statuses = await statusesOf(22, '/payments/2.0.0/charges/7', 'mobile-sandbox-key');
    expect(statuses.filter((status) => status === 503).length).toBeGreaterThan(0);
    expect(statuses.filter((status) => status === 200).length).toBeLessThanOrEqual(20);
  });
});
