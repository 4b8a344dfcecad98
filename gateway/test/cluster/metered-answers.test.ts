import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { countInRedis, type Counting } from '../support/counting.ts';
import { Gateways } from '../support/gateways.ts';
import { MeteredBackend } from '../support/metered-backend.ts';
import { redisMissing } from '../support/redis-server.ts';
import { apiProject, application, policyFile, TestHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

const stops = ['stopOnQuotaReach: true'];
const subscriptionOf = (kind: string, name: string, api: string): string =>
  `subscription${kind}@3600000:tester/${name}:/${api}:1.0.0:${name}`;

/** What is counted while an answer passes, by two gateways as processes on one Redis. */
describe.skipIf(redisMissing)('limits that are known only with the answer', () => {
  let counting: Counting;
  let backend: MeteredBackend;
  let home: TestHome;
  let gateways: Gateways;

  beforeAll(async () => {
    counting = await countInRedis();
    backend = await MeteredBackend.start();
    const tokens = (more: string) =>
      `{type: AIAPIQUOTALIMIT, aiApiQuota: {timeUnit: hour, unitTime: 1, requestCount: 0, totalTokenCount: 1000, ${more}}}`;
    const events = (count: number) =>
      `{type: EVENTCOUNTLIMIT, eventCount: {timeUnit: hour, unitTime: 1, eventCount: ${count}}}`;
    const tiers = {
      Ten: events(10),
      Many: events(200),
      Exact: tokens('reserveTokens: 100'),
      Loose: tokens(''),
    };
    const policies = Object.entries(tiers).map(([name, limit]): [string, string] => {
      return [`policies/Subscription-${name}.yaml`, policyFile('subscription', name, limit, stops)];
    });
    const applications = ['Ten', 'Many'].map((name): [string, string] => {
      return [`applications/${name}.yaml`, application(name, { Feed: name, Plain: name })];
    });
    const callers = ['Exact', 'Loose'].map((name): [string, string] => {
      return [`applications/${name}.yaml`, application(name, { Model: name })];
    });
    const api = (
      name: string,
      offered: readonly string[],
      more: Partial<Parameters<typeof apiProject>[0]> = {},
    ) => apiProject({ name, production: backend.port, policies: offered, ...more });
    home = new TestHome({
      'repository/conf/deployment.toml': counting.deployment,
      'apis/Feed.yaml': api('Feed', ['Ten', 'Many'], {
        more: ['type: SSE'],
        operations: '[{target: /*, verb: SUBSCRIBE}]',
      }),
      'apis/Plain.yaml': api('Plain', ['Ten', 'Many']),
      'apis/Model.yaml': api('Model', ['Exact', 'Loose', 'Unlimited']),
      'apis/Shared.yaml': api('Shared', ['Unlimited'], {
        maxTps:
          '{productionTimeUnit: HOUR, tokenBasedThrottlingConfiguration: {isTokenBasedThrottlingEnabled: true, productionMaxTotalTokenCount: 50, productionMaxPromptTokenCount: -1}}',
      }),
      ...Object.fromEntries([...policies, ...applications, ...callers]),
      'applications/Shared.yaml': application('Shared', { Shared: 'Unlimited' }),
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
  const ask = async (path: string, name: string) => {
    turn += 1;
    const headers = { ApiKey: `${name}-production`, 'Accept-Encoding': 'gzip' };
    const response = await fetch(`${gateways.urls[turn % 2]}${path}`, { headers });
    const text = await response.text();
    const code = response.status === 200 ? undefined : (JSON.parse(text) as { code?: string }).code;
    return { status: response.status, code, text, events: text.split('data: ').length - 1 };
  };
  const used = async (key: string, units: number): Promise<void> =>
    until(async () => (await counting.used(key)) === units);

  test('a quota of 10 events ends a stream after the tenth, though all came in one piece', async () => {
    const key = subscriptionOf('-events', 'Ten', 'feed');
    expect(await ask('/feed/1.0.0/events?n=4', 'Ten')).toMatchObject({ status: 200, events: 4 });
    // What the first gateway has left over goes back soon.
    await used(key, 4);
    expect(await ask('/feed/1.0.0/events?n=15', 'Ten')).toMatchObject({ status: 200, events: 6 });
    await used(key, 10);
    expect(await ask('/feed/1.0.0/events?n=1', 'Ten')).toMatchObject({ status: 429, code: '900804' });
  });

  test('a request to an API that streams nothing is one event', async () => {
    const statuses: number[] = [];
    for (let asked = 0; asked < 12; asked += 1)
      statuses.push((await ask('/plain/1.0.0/silent', 'Ten')).status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(10);
  });

  test('streams at the same time on both gateways get exactly the quota together', async () => {
    const streams = await Promise.all(Array.from({ length: 6 }, () => ask('/feed/1.0.0/drip?n=60', 'Many')));
    expect(streams.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    expect(streams.reduce((sum, { events }) => sum + events, 0)).toBe(200);
    await used(subscriptionOf('-events', 'Many', 'feed'), 200);
  });

  test('tokens that are reserved are never overspent by parallel requests, and what was not needed comes back', async () => {
    const key = subscriptionOf('-total-tokens', 'Exact', 'model');
    const first = await Promise.all(
      Array.from({ length: 30 }, () => ask('/model/1.0.0/chat?tokens=40', 'Exact')),
    );
    const passed = first.filter(({ status }) => status === 200).length;
    // What is left over on a gateway may be too little for one more, for a moment.
    expect(passed).toBeGreaterThanOrEqual(8);
    expect(first.filter(({ status }) => status !== 200).every(({ code }) => code === '900804')).toBe(true);
    await used(key, passed * 40);
    expect(await ask('/model/1.0.0/wrong', 'Exact')).toMatchObject({ status: 500 });
    await used(key, passed * 40);
    expect(await ask('/model/1.0.0/silent', 'Exact')).toMatchObject({ status: 200 });
    await used(key, passed * 40 + 100);
    const missing = await gateways.metric('sluice_usage_answers_total{api="Model",usage="missing"}');
    expect(missing.reduce((sum, count) => sum + count)).toBe(1);
    let spent = passed * 40 + 100;
    for (let waves = 0; waves < 20 && 1000 - spent >= 100; waves += 1) {
      const wave = await Promise.all(
        Array.from({ length: 4 }, () => ask('/model/1.0.0/stream?tokens=90', 'Exact')),
      );
      spent += 90 * wave.filter(({ status }) => status === 200).length;
      expect(spent).toBeLessThanOrEqual(1000);
      await used(key, spent);
    }
    expect(spent).toBeGreaterThan(900);
    expect(await ask('/model/1.0.0/chat?tokens=1', 'Exact')).toMatchObject({ status: 429, code: '900804' });
  });

  test('without a reservation only requests that run at the same time go beyond the quota', async () => {
    const key = subscriptionOf('-total-tokens', 'Loose', 'model');
    expect((await ask('/model/1.0.0/stream?tokens=999', 'Loose')).status).toBe(200);
    await used(key, 999);
    const parallel = await Promise.all(
      Array.from({ length: 5 }, () => ask('/model/1.0.0/chat?tokens=50', 'Loose')),
    );
    const passed = parallel.filter(({ status }) => status === 200).length;
    expect(passed).toBeGreaterThanOrEqual(1);
    await used(key, 999 + 50 * passed);
    expect(await ask('/model/1.0.0/chat?tokens=1', 'Loose')).toMatchObject({ status: 429, code: '900804' });
  });

  test('a backend limit of tokens is shared by all and refuses with 503', async () => {
    expect((await ask('/shared/1.0.0/chat?tokens=80', 'Shared')).status).toBe(200);
    await used('backend-total-tokens@3600000:/shared:1.0.0:PRODUCTION', 80);
    expect(await ask('/shared/1.0.0/chat?tokens=1', 'Shared')).toMatchObject({ status: 503, code: '900801' });
  });

  test('what is read on its way is not compressed', () => {
    expect(backend.headers.map((headers) => headers['accept-encoding'])).toContain('identity');
    expect(backend.headers.filter((headers) => headers['accept-encoding'] === 'gzip').length).toBe(10);
  });
});
