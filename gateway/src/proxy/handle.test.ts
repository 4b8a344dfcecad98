import { beforeEach, describe, expect, test } from 'vitest';
import {
  asked,
  begin,
  clock,
  decideBy,
  records,
  refuseAt,
  send,
  sent,
  setNow,
} from '../../test/proxy/handled.ts';
import { limitOf, sampleApi, sampleApplication, sampleConfig } from '../../test/proxy/sample.ts';
import type { Verdict } from '../limiter/verdict.ts';
import type { Charge } from '../policy/plan.ts';

const secrets = ['mobile-key', '192.0.2.1', '203.0.113.9'];

describe('the life of a request', () => {
  beforeEach(begin);

  test('reaches the backend in the same turn when leases can pay', () => {
    send({ target: '/orders/1.0.0/items/7?x=%2f' });
    expect(sent).toHaveLength(1);
    expect(sent[0]?.request).toMatchObject({ method: 'GET', path: '/v1/items/7?x=%2f', body: undefined });
    expect(asked[0]?.map(({ level }) => level)).toEqual(['subscription', 'burst', 'application']);
  });

  test.each([
    ['drop', ['X-Other', '1']],
    ['pass', ['X_Real_IP', '192.0.2.7', 'X-Other', '1']],
  ] as const)(
    'with underscores in names and %s, the backend gets only what it should',
    (underscoreNames, kept) => {
      const fields = ['Host', 'a', 'ApiKey', 'mobile-key', 'X_Real_IP', '192.0.2.7', 'X-Other', '1'];
      send({ fields }, sampleConfig({ listener: { trustedProxies: [], underscoreNames } }));
      expect(sent[0]?.request.fields.slice(0, kept.length + 1)).toEqual([...kept, 'x-forwarded-for']);
    },
  );

  test("ends with the backend's answer, the limits and the activity id, and one record", () => {
    const exchange = send({ fields: ['Host', 'a', 'ApiKey', 'mobile-key', 'activityid', 'trace-1'] });
    setNow(7);
    sent[0]?.receiver.head(200, ['content-type', 'text/plain', 'ratelimit', 'theirs']);
    sent[0]?.receiver.data(Buffer.from('hello'));
    setNow(9);
    sent[0]?.receiver.end([]);
    expect(exchange.fields).toEqual([
      'content-type',
      'text/plain',
      'RateLimit-Policy',
      '"subscription";q=5000;w=60, "burst";q=100;w=1, "application";q=50;w=60',
      'RateLimit',
      '"subscription";r=4999;t=1, "burst";r=99;t=1, "application";r=49;t=1',
      'activityid',
      'trace-1',
    ]);
    expect(exchange.body).toBe('hello');
    expect(records).toEqual([
      expect.objectContaining({
        activityId: 'trace-1',
        operation: '/items',
        path: '/orders/1.0.0/items',
        status: 200,
        code: undefined,
        application: 'MobileApp',
        keyType: 'PRODUCTION',
        refusedBy: undefined,
        over: [],
        tokens: undefined,
        usage: 'none',
        certain: true,
        aborted: false,
        durationMs: 9,
        limiterMs: 0,
        backendMs: 7,
      }),
    ]);
  });

  test('waits for the limiter when that has to ask the store', async () => {
    const { promise, resolve } = Promise.withResolvers<Verdict>();
    decideBy(() => promise);
    send();
    expect(sent).toHaveLength(0);
    setNow(12);
    resolve({ admitted: true, certain: true, standings: [] });
    await clock.turn();
    expect(sent).toHaveLength(1);
    sent[0]?.receiver.head(204, []);
    sent[0]?.receiver.end([]);
    expect(records[0]).toMatchObject({ limiterMs: 12, status: 204 });
  });

  test('goes no further when the client left while the limiter waited', async () => {
    const { promise, resolve } = Promise.withResolvers<Verdict>();
    decideBy(() => promise);
    const exchange = send();
    exchange.end(true);
    resolve({ admitted: true, certain: true, standings: [] });
    await clock.turn();
    expect(sent).toHaveLength(0);
    expect(records).toEqual([expect.objectContaining({ aborted: true, status: undefined })]);
  });

  test('without limits the limiter is not asked', () => {
    const api = sampleApi();
    const free = { name: 'Unlimited' };
    const subscriptions = [{ api, tier: free, state: 'active' }] as const;
    const applications = [sampleApplication(api, { tier: free, subscriptions })];
    send({}, sampleConfig({ apis: [api], applications }));
    expect([asked.length, sent.length]).toEqual([0, 1]);
  });

  test('OPTIONS is answered without a key and without a charge', () => {
    const exchange = send({ method: 'OPTIONS', fields: ['Host', 'a'] });
    expect([exchange.status, exchange.field('allow'), exchange.body]).toEqual([
      204,
      'GET, HEAD, OPTIONS, POST',
      '',
    ]);
    expect([asked, sent]).toEqual([[], []]);
    expect(records[0]).toMatchObject({ status: 204, api: { name: 'Orders' } });
  });

  test('an answer that breaks off cuts the connection', () => {
    const exchange = send();
    sent[0]?.receiver.head(200, ['content-length', '10']);
    sent[0]?.receiver.data(Buffer.from('half'));
    sent[0]?.receiver.failed('broken');
    expect(exchange.isCut).toBe(true);
    expect(records).toEqual([expect.objectContaining({ status: 200, aborted: true })]);
  });

  test('a client that leaves takes its backend request along', () => {
    const exchange = send();
    exchange.end(true);
    expect(sent[0]?.aborted).toBe(true);
    expect(records).toEqual([expect.objectContaining({ aborted: true, status: undefined })]);
  });

  test('records tell neither keys nor addresses', () => {
    const fields = ['Host', 'a', 'ApiKey', 'mobile-key', 'X-Forwarded-For', '203.0.113.9'];
    send({ fields }).end(true);
    refuseAt('subscription');
    const proxied = sampleConfig({ listener: { trustedProxies: ['192.0.2.1'], underscoreNames: 'drop' } });
    send({ fields, target: '/orders/1.0.0/open/x?key=mobile-key' }, proxied);
    expect(asked[1]?.[0]?.key).toContain('203.0.113.9');
    expect(records[1]?.refusedBy).toEqual({
      level: 'subscription',
      counter: 'anonymous@60000::/orders:1.0.0:Unauthenticated',
    });
    const told = JSON.stringify(records);
    expect(secrets.filter((secret) => told.includes(secret))).toEqual([]);
  });

  test('a request keeps the configuration it started with', async () => {
    const { promise, resolve } = Promise.withResolvers<Verdict>();
    decideBy(() => promise);
    const first = sampleConfig();
    const exchange = send({}, first);
    send(
      {},
      sampleConfig({ responses: { retryAfter: 'http-date', rateLimitFields: false, errorFormat: 'json' } }),
    );
    const charge: Charge = asked[0]![0]!;
    const refused = { charge: { ...charge, limit: limitOf(1) }, remaining: 0, resetsInMs: 1 };
    resolve({ admitted: false, certain: true, standings: [refused], refused, because: 'over-limit' });
    await clock.turn();
    expect(exchange.field('retry-after')).toBe('1');
    expect(exchange.field('ratelimit')).toBeDefined();
  });
});
