import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEchoBackend, type EchoBackend } from '../../src/cli/demo/echo-backend.ts';
import { keySlot } from '../../src/stores/redis/key-slot.ts';
import { Callbacks } from '../support/callbacks.ts';
import { RedisCluster } from '../support/redis-cluster.ts';
import { redisMissing, type RedisServer } from '../support/redis-server.ts';
import { apiProject, application, policyFile, subscriptionPolicy, TestHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';
import { AdministeredGateway, tokens } from './administered-gateway.ts';

const key = 'sluice:files:default';
const hourly = '{type: EVENTCOUNTLIMIT, eventCount: {timeUnit: hour, unitTime: 1, eventCount: 1000}}';

describe.skipIf(redisMissing)('two gateways on a Redis Cluster', () => {
  let cluster: RedisCluster;
  let backend: EchoBackend;
  let callbacks: Callbacks;
  let one: AdministeredGateway;
  let two: AdministeredGateway;
  /** The primary that has what is shared. */
  let owner: RedisServer;

  beforeAll(async () => {
    cluster = await RedisCluster.start();
    backend = await startEchoBackend(() => performance.now());
    const primaries = await cluster.primaries();
    const at = primaries.find(({ slots }) => {
      const [from = 0, to = from] = slots[0]!.split('-').map(Number);
      return from <= keySlot(key) && keySlot(key) <= to;
    })!;
    owner = cluster.at(at.port);
    callbacks = await Callbacks.start('127.0.0.2');
    const nodes = cluster.address.nodes.map(({ host, port }) => `"${host}:${port}"`).join(', ');
    const files = {
      'repository/conf/deployment.toml': `
[sluice.redis]
cluster_nodes = [${nodes}]
[throttle_properties]
'throttling.distributed.counter.type' = "redis"
[sluice.admin]
tokens_file = "tokens.toml"
[sluice.websub]
callback_networks = ["127.0.0.2"]
`,
      'tokens.toml': tokens,
      'apis/Open.yaml': apiProject({ name: 'Open', production: backend.port, policies: ['Plan'] }),
      'apis/Hub/api.yaml': apiProject({
        name: 'Hub',
        production: 1,
        policies: ['Three'],
        more: ['type: WEBSUB'],
        operations: '[{target: news, verb: SUBSCRIBE}]',
      }),
      'policies/Plan.yaml': subscriptionPolicy('Plan', { perHour: 1000 }),
      'policies/Three.yaml': policyFile('subscription', 'Three', hourly, [
        'subscriberCount: 3',
        'stopOnQuotaReach: true',
      ]),
      'applications/Some.yaml': application('Some', { Open: 'Plan', Hub: 'Three' }),
    };
    [one, two] = [new AdministeredGateway(new TestHome(files)), new AdministeredGateway(new TestHome(files))];
    await Promise.all([one.start(), two.start()]);
  });
  afterAll(async () => {
    await Promise.all([one?.stop(), two?.stop()]);
    for (const gateway of [one, two]) gateway?.home.remove();
    await Promise.all([backend?.close(), callbacks?.close(), cluster?.stop()]);
  });

  const inStep = (): Promise<void> =>
    until(async () => {
      const [left, right] = await Promise.all([one.shared(), two.shared()]);
      const revision = (await owner.ask('HGET', key, '#revision')) ?? '0';
      return [left, right].every((shared) => shared.state === 'in step' && shared.revision === revision);
    }, 20_000);
  const deny = async (by: AdministeredGateway): Promise<string> => {
    const sent = { conditionType: 'API', conditionValue: '/open/1.0.0', conditionStatus: true };
    const { status, body } = await by.ask('POST', '/throttling/deny-policies', sent);
    expect(status).toBe(201);
    return body.conditionId;
  };
  const letIn = async (by: AdministeredGateway, id: string): Promise<void> => {
    expect((await by.ask('DELETE', `/throttling/deny-policy/${id}`)).status).toBe(200);
  };
  const statuses = (): Promise<number[]> => Promise.all([one.send(), two.send()]);
  /** Posts to the hub; gives the status. */
  const post = async (by: AdministeredGateway, rest: string, body = ''): Promise<number> => {
    const headers = { ApiKey: 'Some-production' };
    const response = await fetch(`${by.url}/hub/1.0.0${rest}`, { method: 'POST', headers, body });
    await response.arrayBuffer();
    return response.status;
  };

  test('the subscribers of one get the events of the other, and a cap holds for both', async () => {
    const subscribe = (by: AdministeredGateway, path: string): Promise<number> => {
      const callback = callbacks.url(path);
      const asked = { 'hub.mode': 'subscribe', 'hub.topic': 'news', 'hub.callback': callback };
      return post(by, `?${new URLSearchParams(asked).toString()}`);
    };
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, at) => subscribe(at % 2 === 0 ? one : two, `/yes/${at}`)),
    );
    expect(answers.filter((status) => status === 202)).toHaveLength(3);
    expect(answers.filter((status) => status === 429)).toHaveLength(7);
    for (const by of [one, two]) {
      callbacks.events.length = 0;
      // Who has agreed is subscribed a moment later.
      await until(async () => {
        expect(await post(by, '/webhooks_events_receiver_resource?topic=news', 'event')).toBe(200);
        return new Set(callbacks.events.map(({ path }) => path)).size === 3;
      });
    }
    expect(callbacks.asked).toHaveLength(3);
  });

  test('who is denied on one is denied on the other', async () => {
    expect(await statuses()).toEqual([200, 200]);
    const id = await deny(one);
    await inStep();
    expect(await statuses()).toEqual([403, 403]);
    await letIn(two, id);
    await inStep();
    expect(await statuses()).toEqual([200, 200]);
  });

  test('another change that bears the revision from before an outage is taken over too', async () => {
    const isAway = async (): Promise<boolean> =>
      (await Promise.all([one.shared(), two.shared()])).every(({ state }) => state === 'away');
    await owner.ask('ACL', 'SETUSER', 'default', '-hmget');
    await until(isAway);
    const revision = Number(await owner.ask('HGET', key, '#revision'));
    const text = 'conditionId: other\nconditionType: API\nconditionValue: /open/1.0.0\n';
    const entry = `${revision} ${JSON.stringify({ text, after: [''] })}`;
    await owner.ask('HSET', key, 'deny-policies/other.yaml', entry);
    await owner.ask('ACL', 'SETUSER', 'default', '+hmget');
    await inStep();
    expect(await statuses()).toEqual([403, 403]);
    await letIn(two, 'other');
    await inStep();
    expect(await statuses()).toEqual([200, 200]);
  });

  test('a change that the replica never got is there again after it took over', async () => {
    const id = await owner.ask('CLUSTER', 'MYID');
    const replica = cluster.at((await cluster.view()).find(({ follows }) => follows === id)!.port);
    // It can't follow any more.
    await replica.ask('CONFIG', 'SET', 'masterauth', 'nonsense');
    await owner.ask('CLIENT', 'KILL', 'TYPE', 'replica');
    const denied = await deny(one);
    expect(await owner.ask('INFO', 'replication')).toContain('connected_slaves:0');
    const path = `deny-policies/${denied}.yaml`;
    await inStep();
    await owner.kill();
    owner = replica;
    await until(async () => String(await replica.ask('ROLE')).startsWith('master'), 20_000);
    await until(async () => String(await replica.ask('HGET', key, path)).includes('conditionId'), 20_000);
    await inStep();
    expect(two.text(path)).toBe(one.text(path));
    expect(await statuses()).toEqual([403, 403]);
    await letIn(two, denied);
    await inStep();
    expect(await statuses()).toEqual([200, 200]);
  });
});
