import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEchoBackend, type EchoBackend } from '../../src/cli/demo/echo-backend.ts';
import { keySlot } from '../../src/stores/redis/key-slot.ts';
import { Gateways } from '../support/gateways.ts';
import { RedisCluster } from '../support/redis-cluster.ts';
import { redisMissing } from '../support/redis-server.ts';
import { apiProject, application, subscriptionPolicy, TestHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

describe.skipIf(redisMissing)('three gateways on a Redis Cluster', () => {
  let cluster: RedisCluster;
  let backend: EchoBackend;
  let home: TestHome;
  let gateways: Gateways;

  beforeAll(async () => {
    cluster = await RedisCluster.start();
    backend = await startEchoBackend(() => performance.now());
    const nodes = cluster.address.nodes.map(({ host, port }) => `"${host}:${port}"`).join(', ');
    home = new TestHome({
      'repository/conf/deployment.toml': `
[sluice.redis]
cluster_nodes = [${nodes}]
[throttle_properties]
'throttling.distributed.counter.type' = "redis"
`,
      'apis/Open.yaml': apiProject({ name: 'Open', production: backend.port, policies: ['Hour500'] }),
      'policies/Hour500.yaml': subscriptionPolicy('Hour500', { perHour: 500, burstPerMinute: 300 }),
      'applications/Trial.yaml': application('Trial', { Open: 'Hour500' }, '10PerMin'),
    });
    gateways = await Gateways.start(home.path, 3);
  });
  afterAll(async () => {
    await gateways?.stop();
    await Promise.all([backend?.close(), cluster?.stop()]);
    home?.remove();
  });

  test('a request pays all of its counters or none, though they lie on different primaries', async () => {
    const leftMs = 60_000 - (Date.now() % 60_000);
    if (leftMs < 8000) await new Promise((resolve) => setTimeout(resolve, leftMs + 50));
    const keys = [
      'sluice:application@60000:tester/Trial:tester',
      'sluice:subscription@3600000:tester/Trial:/open:1.0.0:Hour500',
      'sluice:burst@60000:tester/Trial:/open:1.0.0:Hour500',
    ];
    const primaries = await cluster.primaries();
    const owner = (slot: number): number =>
      primaries.findIndex(({ slots }) =>
        slots.some((range) => {
          const [from, to = from] = range.split('-').map(Number);
          return from! <= slot && slot <= to!;
        }),
      );
    const owners = keys.map((key) => owner(keySlot(key)));
    expect(new Set(owners).size).toBeGreaterThan(1);
    const used = async (index: number): Promise<number> =>
      Number(await cluster.at(primaries[owners[index]!]!.port).ask('HGET', keys[index]!, 'used'));

    const statuses: number[] = [];
    for (let index = 0; index < 60; index += 1) {
      const response = await fetch(`${gateways.urls[index % 3]}/open/1.0.0/items`, {
        headers: { ApiKey: 'Trial-production' },
      });
      await response.arrayBuffer();
      statuses.push(response.status);
    }
    expect(statuses.filter((status) => status === 200).length).toBe(10);
    expect(statuses.filter((status) => status === 429).length).toBe(50);
    for (const index of keys.keys()) await until(async () => (await used(index)) === 10);
  });
});
