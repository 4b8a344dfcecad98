import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEchoBackend, type EchoBackend } from '../../src/cli/demo/echo-backend.ts';
import { countInRedis, type Counting } from '../support/counting.ts';
import { Gateways } from '../support/gateways.ts';
import { redisMissing } from '../support/redis-server.ts';
import { apiProject, application, policyFile, TestHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

const unlimitedByRequests =
  'REQUESTCOUNTLIMIT, requestCount: {timeUnit: hour, unitTime: 1, requestCount: 100000}';

/** What is counted besides requests, by two gateways as processes on one Redis. */
describe.skipIf(redisMissing)('limits that measure something else than requests', () => {
  let counting: Counting;
  let backend: EchoBackend;
  let home: TestHome;
  let gateways: Gateways;

  beforeAll(async () => {
    counting = await countInRedis();
    backend = await startEchoBackend(() => performance.now());
    const bandwidth = (amount: number) =>
      `{type: BANDWIDTHLIMIT, bandwidth: {timeUnit: hour, unitTime: 1, dataAmount: ${amount}, dataUnit: KB}}`;
    const two = '{type: REQUESTCOUNTLIMIT, requestCount: {timeUnit: hour, unitTime: 1, requestCount: 2}}';
    home = new TestHome({
      'repository/conf/deployment.toml': counting.deployment,
      'apis/Plain.yaml': apiProject({
        name: 'Plain',
        production: backend.port,
        policies: ['Unlimited', 'TenKb', 'NeverStops'],
      }),
      'apis/Narrow.yaml': apiProject({
        name: 'Narrow',
        production: backend.port,
        policies: ['Unlimited'],
        apiThrottlingPolicy: 'NarrowApi',
      }),
      'policies/Application-OneKb.yaml': policyFile('application', 'OneKb', bandwidth(1)),
      'policies/Subscription-TenKb.yaml': policyFile('subscription', 'TenKb', bandwidth(10), [
        'stopOnQuotaReach: true',
      ]),
      'policies/Advanced-NarrowApi.yaml': policyFile('advanced', 'NarrowApi', bandwidth(1)),
      'policies/Subscription-NeverStops.yaml': policyFile('subscription', 'NeverStops', two, [
        'stopOnQuotaReach: false',
      ]),
      'policies/Application-Many.yaml': policyFile('application', 'Many', `{type: ${unlimitedByRequests}}`),
      'applications/Small.yaml': application('Small', { Plain: 'Unlimited' }, 'OneKb'),
      'applications/Chunked.yaml': application('Chunked', { Plain: 'TenKb' }),
      'applications/Narrow.yaml': application('Narrow', { Narrow: 'Unlimited' }),
      'applications/Free.yaml': application('Free', { Plain: 'NeverStops' }, 'Many'),
      'applications/FewOnly.yaml': application('FewOnly', { Plain: 'NeverStops' }, '10PerMin'),
    });
    gateways = await Gateways.start(home.path, 2);
  });
  afterAll(async () => {
    await gateways?.stop();
    await Promise.all([backend?.close(), counting?.close()]);
    home?.remove();
  });

  let turn = 0;
  /** Asks the gateways in turn. */
  const ask = async (path: string, key: string, init: RequestInit = {}) => {
    turn += 1;
    const response = await fetch(`${gateways.urls[turn % 2]}${path}`, { ...init, headers: { ApiKey: key } });
    const text = await response.text();
    const code = response.ok ? undefined : (JSON.parse(text) as { code: string }).code;
    return { status: response.status, code, limits: response.headers.get('ratelimit') };
  };
  const post = (path: string, key: string, body: Uint8Array | ReadableStream) =>
    ask(path, key, { method: 'POST', body, duplex: 'half' });
  const chunked = (bytes: number) =>
    new ReadableStream({
      start(controller) {
        for (let sent = 0; sent < bytes; sent += 512) controller.enqueue(new Uint8Array(512));
        controller.close();
      },
    });

  test('1 KB for an application: the request that crosses it passes, the next has 900803', async () => {
    const body = new Uint8Array(4096);
    expect(await post('/plain/1.0.0/x', 'Small-production', body)).toMatchObject({ status: 200 });
    const refused = { status: 429, code: '900803' };
    expect(await post('/plain/1.0.0/x', 'Small-production', body)).toMatchObject(refused);
    expect(await ask('/plain/1.0.0/x', 'Small-production')).toMatchObject(refused);
    const key = 'application-bytes@3600000:tester/Small:tester';
    await until(async () => (await counting.used(key)) === 4096);
  });

  test('bodies in chunks count by what came of them, once they have', async () => {
    const key = 'subscription-bytes@3600000:tester/Chunked:/plain:1.0.0:TenKb';
    const statuses: number[] = [];
    for (let sent = 1; sent <= 3; sent += 1) {
      statuses.push((await post('/plain/1.0.0/x', 'Chunked-production', chunked(4096))).status);
      await until(async () => (await counting.used(key)) === sent * 4096);
    }
    expect(statuses).toEqual([200, 200, 200]);
    const refused = await post('/plain/1.0.0/x', 'Chunked-production', chunked(512));
    expect(refused).toMatchObject({ status: 429, code: '900804' });
    expect(refused.limits).toMatch(/^"subscription-bytes";r=0;t=\d+$/);
  });

  test('an advanced policy may limit bytes, too', async () => {
    expect((await post('/narrow/1.0.0/x', 'Narrow-production', new Uint8Array(1024))).status).toBe(200);
    expect(await ask('/narrow/1.0.0/x', 'Narrow-production')).toMatchObject({ status: 429, code: '900800' });
  });

  test('with stopOnQuotaReach: false requests pass beyond the quota, are counted and told, and other levels hold', async () => {
    const answers = [];
    for (let sent = 0; sent < 6; sent += 1) answers.push(await ask('/plain/1.0.0/x', 'Free-production'));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    expect(answers.at(-1)?.limits).toMatch(/^"subscription";r=0;t=\d+, "application";r=\d+;t=\d+$/);
    await until(
      async () => (await counting.used('subscription@3600000:tester/Free:/plain:1.0.0:NeverStops')) === 6,
    );
    const over = await gateways.metric('sluice_decisions_total{level="subscription",outcome="over"}');
    expect(over.reduce((sum, count) => sum + count)).toBe(4);
    const statuses: number[] = [];
    for (let sent = 0; sent < 22; sent += 1) {
      statuses.push((await ask('/plain/1.0.0/x', 'FewOnly-production')).status);
    }
    expect(statuses.slice(0, 10)).not.toContain(429);
    expect(statuses).toContain(429);
  });
});
