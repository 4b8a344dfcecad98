import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEchoBackend, type EchoBackend } from '../../src/cli/demo/echo-backend.ts';
import { admittedOfAll } from '../support/admitted-of-all.ts';
import { redisDeployment } from '../support/gateways.ts';
import { redisMissing, RedisServer } from '../support/redis-server.ts';
import { apiProject, application, subscriptionPolicy, TestHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';
import { AdministeredGateway, tokens } from './administered-gateway.ts';

const policies = '/throttling/policies';
const key = 'sluice:files:default';

const perMinute = (requestCount: number): object => ({
  type: 'REQUESTCOUNTLIMIT',
  requestCount: { timeUnit: 'hour', unitTime: 1, requestCount },
});

describe.skipIf(redisMissing)('gateways that share changes by the admin REST API', () => {
  let redis: RedisServer;
  let backend: EchoBackend;
  let all: readonly AdministeredGateway[];
  const gateway = (index: number): AdministeredGateway => all[index]!;

  beforeAll(async () => {
    redis = await RedisServer.start();
    backend = await startEchoBackend(() => performance.now());
    const files = {
      'repository/conf/deployment.toml': redisDeployment(
        redis,
        '[sluice.admin]\ntokens_file = "tokens.toml"\n',
      ),
      'tokens.toml': tokens,
      'apis/Open.yaml': apiProject({ name: 'Open', production: backend.port, policies: ['Plan'] }),
      'policies/Plan.yaml': subscriptionPolicy('Plan', { perHour: 20 }),
      'applications/Some.yaml': application('Some', { Open: 'Plan' }),
    };
    all = [
      new AdministeredGateway(new TestHome(files)),
      new AdministeredGateway(new TestHome(files), 2),
      new AdministeredGateway(new TestHome(files)),
    ];
    await Promise.all(all.map((one) => one.start()));
  });
  afterAll(async () => {
    await Promise.all((all ?? []).map((one) => one.stop()));
    for (const one of all ?? []) one.home.remove();
    await Promise.all([backend?.close(), redis?.stop()]);
  });

  const hset = (fields: Readonly<Record<string, string>>): Promise<unknown> =>
    redis.ask('HSET', key, ...Object.entries(fields).flat());
  const inStep = (gateways = all): Promise<void> =>
    until(async () => {
      const each = await Promise.all(gateways.map((one) => one.shared()));
      const revision = (await redis.ask('HGET', key, '#revision')) ?? '0';
      return each.every((one) => one.state === 'in step' && one.revision === revision);
    });
  const change = async (index: number, requestCount: number): Promise<void> => {
    const found = await gateway(index).ask('GET', `${policies}/search?query=name:Plan%20type:sub`);
    const sent = { policyName: 'Plan', stopOnQuotaReach: true, defaultLimit: perMinute(requestCount) };
    const path = `${policies}/subscription/${found.body.list[0]!.uuid}`;
    expect((await gateway(index).ask('PUT', path, sent)).status).toBe(200);
  };
  const sameEverywhere = (path: string): Promise<void> =>
    until(() => new Set(all.map((one) => one.text(path))).size === 1);

  test('a changed limit is in force on all, and nothing that was counted is lost', async () => {
    let turn = 0;
    const admittedOf = async (times: number): Promise<number> => {
      let admitted = 0;
      for (let sent = 0; sent < times; sent += 1, turn += 1) {
        if ((await gateway(turn % all.length).send()) === 200) admitted += 1;
      }
      return admitted;
    };
    expect(await admittedOfAll(20, admittedOf)).toBe(20);
    await change(0, 26);
    await inStep();
    expect(await admittedOfAll(6, admittedOf)).toBe(6);
    await change(1, 10);
    await inStep();
    expect(await admittedOf(6)).toBe(0);
    await change(2, 30);
    await inStep();
    expect(await admittedOfAll(4, admittedOf)).toBe(4);
    await sameEverywhere('policies/Plan.yaml');
  });

  test('a policy comes and goes on all', async () => {
    const sent = { policyName: 'New', defaultLimit: perMinute(5) };
    const created = await gateway(1).ask('POST', `${policies}/application`, sent);
    expect(created.status).toBe(201);
    await inStep();
    const path = `${policies}/application/${created.body.policyId}`;
    for (const one of all) expect((await one.ask('GET', path)).body).toEqual(created.body);
    expect((await gateway(2).ask('POST', `${policies}/application`, sent)).status).toBe(409);
    expect((await gateway(2).ask('DELETE', path)).status).toBe(200);
    await inStep();
    for (const one of all) expect((await one.ask('GET', path)).status).toBe(404);
    expect(all.map((one) => one.text('policies/Application-New.yaml'))).toEqual(all.map(() => undefined));
  });

  test('who is denied on one is denied on all, and let in again', async () => {
    const sent = { conditionType: 'API', conditionValue: '/open/1.0.0', conditionStatus: true };
    const { status, body } = await gateway(0).ask('POST', '/throttling/deny-policies', sent);
    expect(status).toBe(201);
    await inStep();
    expect(await Promise.all(all.map((one) => one.send()))).toEqual([403, 403, 403]);
    const path = `/throttling/deny-policy/${body.conditionId}`;
    expect((await gateway(1).ask('PATCH', path, { conditionStatus: false })).status).toBe(200);
    await inStep();
    expect(await Promise.all(all.map((one) => one.send()))).not.toContain(403);
    expect((await gateway(2).ask('DELETE', path)).status).toBe(200);
    await inStep();
  });

  test('the last of several changes at once wins everywhere', async () => {
    for (let round = 0; round < 5; round += 1) {
      await Promise.all(all.map((_, index) => change(index, 100 + 10 * round + index)));
      await inStep();
      await sameEverywhere('policies/Plan.yaml');
      expect(gateway(round % 3).text('policies/Plan.yaml')).toMatch(
        new RegExp(`requestCount: 1${round}[012]\n`),
      );
    }
  });

  test('a gateway that was down, or killed, takes over what it missed', async () => {
    await gateway(2).stop('SIGKILL');
    await change(0, 200);
    await change(0, 201);
    expect(
      (
        await gateway(1).ask('POST', `${policies}/application`, {
          policyName: 'Missed',
          defaultLimit: perMinute(5),
        })
      ).status,
    ).toBe(201);
    await gateway(2).start();
    await inStep();
    await sameEverywhere('policies/Plan.yaml');
    await sameEverywhere('policies/Application-Missed.yaml');
    expect(gateway(2).text('policies/Application-Missed.yaml')).toBeDefined();
  });

  test('two gateways on one home go by a change of either', async () => {
    const second = new AdministeredGateway(gateway(2).home);
    await second.start();
    try {
      const sent = { conditionType: 'API', conditionValue: '/open/1.0.0' };
      const { body } = await second.ask('POST', '/throttling/deny-policies', sent);
      await inStep([...all, second]);
      expect(await gateway(2).send()).toBe(403);
      const path = `/throttling/deny-policy/${body.conditionId}`;
      expect((await gateway(2).ask('DELETE', path)).status).toBe(200);
      await inStep([...all, second]);
      expect(await second.send()).not.toBe(403);
    } finally {
      await second.stop();
    }
  });

  test('a file changed by hand is not overwritten; it is told, and the next change here is for all', async () => {
    const byHand = subscriptionPolicy('Plan', { perHour: 77 });
    gateway(1).home.write('policies/Plan.yaml', byHand);
    await change(0, 300);
    await until(async () => (await gateway(1).shared()).state === 'behind');
    expect(await gateway(1).shared()).toMatchObject({ changedByHand: ['policies/Plan.yaml'], refused: [] });
    expect(gateway(1).text('policies/Plan.yaml')).toBe(byHand);
    expect(gateway(1).said()).toContain('policies/Plan.yaml was changed by hand here');
    await change(1, 301);
    await inStep();
    await sameEverywhere('policies/Plan.yaml');
  });

  test('what cannot be read, or may not be written, is refused and told', async () => {
    const before = readdirSync(join(gateway(0).home.path, 'policies'));
    const body = JSON.stringify({ text: 'type: [', after: [''] });
    await hset({
      '#revision': '100000',
      '../outside.yaml': `100000 ${body}`,
      'deployment.toml': `100000 ${body}`,
      'policies/Garbage.yaml': 'garbage',
      'policies/Broken.yaml': `100000 ${body}`,
    });
    for (const one of all) {
      await until(async () => (await one.shared()).refused.length === 4);
      const { refused } = await one.shared();
      expect(refused.map(({ path }) => path).toSorted()).toEqual([
        '../outside.yaml',
        'deployment.toml',
        'policies/Broken.yaml',
        'policies/Garbage.yaml',
      ]);
    }
    expect(readdirSync(join(gateway(0).home.path, 'policies'))).toEqual(before);
    expect(existsSync(join(gateway(0).home.path, '../outside.yaml'))).toBe(false);
    await redis.ask(
      'HDEL',
      key,
      '../outside.yaml',
      'deployment.toml',
      'policies/Garbage.yaml',
      'policies/Broken.yaml',
    );
    await hset({ '#revision': '100001' });
    await inStep();
    await hset({ '#revision': 'moon' });
    await until(async () => (await gateway(0).shared()).state === 'away');
    await hset({ '#revision': '100002' });
    await inStep();
  });

  test('what Redis has lost, the gateways tell it again', async () => {
    await change(0, 400);
    await inStep();
    await redis.ask('FLUSHALL');
    await until(async () => (await redis.ask('HGET', key, 'policies/Plan.yaml')) !== null);
    await inStep();
    await change(2, 401);
    await inStep();
    await sameEverywhere('policies/Plan.yaml');
  });

  test('changes while Redis is away are for all when it is back', async () => {
    await redis.kill();
    await until(async () =>
      (await Promise.all(all.map((one) => one.shared()))).every(({ state }) => state === 'away'),
    );
    await change(0, 500);
    await change(0, 501);
    expect(
      (
        await gateway(1).ask('POST', `${policies}/application`, {
          policyName: 'Alone',
          defaultLimit: perMinute(5),
        })
      ).status,
    ).toBe(201);
    await redis.restart();
    await until(async () => (await redis.ask('HGET', key, 'policies/Application-Alone.yaml')) !== null);
    await inStep();
    await sameEverywhere('policies/Plan.yaml');
    expect(gateway(2).text('policies/Plan.yaml')).toContain('requestCount: 501');
    await sameEverywhere('policies/Application-Alone.yaml');
  });
});
