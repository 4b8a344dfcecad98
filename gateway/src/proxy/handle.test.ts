import { TokenShelf } from '../identity/token-shelf.ts';
import { beforeEach, describe, expect, test } from 'vitest';
import { FakeExchange } from '../../test/proxy/fake-exchange.ts';
import { limitOf, sampleApi, sampleApplication, sampleConfig } from '../../test/proxy/sample.ts';
import { FakeClock } from '../../test/support/fake-clock.ts';
import type { BackendReceiver, BackendRequest } from '../backends/backend-call.ts';
import { Backends } from '../backends/backends.ts';
import type { Settlement, Verdict } from '../limiter/verdict.ts';
import type { Level } from '../policy/levels.ts';
import type { Charge } from '../policy/plan.ts';
import type { RequestHead } from './exchange.ts';
import { handle, type DataPlane } from './handle.ts';
import type { ExchangeRecord } from './observe.ts';
import { causes } from './refusal.ts';
import { compileServing, type ServedConfig, type Serving } from './serving.ts';

interface Sent {
  readonly request: BackendRequest;
  readonly receiver: BackendReceiver;
  aborted: boolean;
}

function codeOf({ body }: FakeExchange): unknown {
  const parsed: unknown = JSON.parse(body);
  return typeof parsed === 'object' && parsed !== null && 'code' in parsed ? parsed.code : undefined;
}

const secrets = ['mobile-key', '192.0.2.1', '203.0.113.9'];

describe('the life of a request', () => {
  let clock: FakeClock;
  let records: ExchangeRecord[];
  let sent: Sent[];
  let bugs: unknown[];
  let asked: (readonly Charge[])[];
  let decide: (charges: readonly Charge[]) => Verdict | Promise<Verdict>;
  let nowMs: number;
  let settled: Settlement[];
  let serving: Serving;

  beforeEach(() => {
    clock = new FakeClock();
    records = [];
    sent = [];
    bugs = [];
    asked = [];
    nowMs = 0;
    settled = [];
    decide = (charges) => ({ admitted: true, certain: true, standings: charges.map(standing) });
  });

  function standing(charge: Charge) {
    return { charge, remaining: charge.limit.quota - 1, resetsInMs: 500 };
  }

  function refuseAt(
    level: Level,
    because: 'over-limit' | 'store-unavailable' = 'over-limit',
    certain = true,
  ) {
    decide = (charges) => {
      const standings = charges.map(standing);
      const refused = standings.find(({ charge }) => charge.level === level)!;
      return { admitted: false, certain, standings, refused: { ...refused, remaining: 0 }, because };
    };
  }

  function send(more: Partial<RequestHead> = {}, config: ServedConfig = sampleConfig()): FakeExchange {
    const exchange = new FakeExchange(more);
    const compiled = compileServing(config, new Backends(clock), new TokenShelf(clock));
    const pool = {
      send(request: BackendRequest, receiver: BackendReceiver) {
        const call: Sent = { request, receiver, aborted: false };
        sent.push(call);
        return {
          resume: () => {},
          abort: () => {
            call.aborted = true;
          },
        };
      },
    };
    const destinations = new Map(
      [...compiled.destinations].map(([backend, destination]) => [backend, { ...destination, pool }]),
    );
    serving = { ...compiled, destinations };
    const plane: DataPlane = {
      serving: () => serving,
      admission: {
        admit(charges) {
          asked.push(charges);
          return decide(charges);
        },
        settle: (settlements) => settled.push(...settlements),
      },
      clock,
      stopwatchMs: () => nowMs,
      recorders: [{ record: (record) => records.push(record) }],
      reportBug: (error) => bugs.push(error),
    };
    handle(exchange, plane);
    return exchange;
  }

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

  test('with underscores in names is refused where the operator wants that, and charges nothing', () => {
    const config = sampleConfig({ listener: { trustedProxies: [], underscoreNames: 'refuse' } });
    const exchange = send({ fields: ['Host', 'a', 'ApiKey', 'mobile-key', 'X_A', '1'] }, config);
    expect([exchange.status, codeOf(exchange), asked.length, sent.length]).toEqual([400, '908011', 0, 0]);
    send({ fields: ['Host', 'a', 'ApiKey', 'mobile-key', 'X-A', 'a_b'] }, config);
    expect(sent).toHaveLength(1);
  });

  test("ends with the backend's answer, the limits and the activity id, and one record", () => {
    const exchange = send({ fields: ['Host', 'a', 'ApiKey', 'mobile-key', 'activityid', 'trace-1'] });
    nowMs = 7;
    sent[0]?.receiver.head(200, ['content-type', 'text/plain', 'ratelimit', 'theirs']);
    sent[0]?.receiver.data(Buffer.from('hello'));
    nowMs = 9;
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
    decide = () => promise;
    send();
    expect(sent).toHaveLength(0);
    nowMs = 12;
    resolve({ admitted: true, certain: true, standings: [] });
    await clock.turn();
    expect(sent).toHaveLength(1);
    sent[0]?.receiver.head(204, []);
    sent[0]?.receiver.end([]);
    expect(records[0]).toMatchObject({ limiterMs: 12, status: 204 });
  });

  test('goes no further when the client left while the limiter waited', async () => {
    const { promise, resolve } = Promise.withResolvers<Verdict>();
    decide = () => promise;
    const exchange = send();
    exchange.end(true);
    resolve({ admitted: true, certain: true, standings: [] });
    await clock.turn();
    expect(sent).toHaveLength(0);
    expect(records).toEqual([expect.objectContaining({ aborted: true, status: undefined })]);
  });

  test.each([
    ['the wire', { flaw: { cause: causes.largeHead, closes: true } }, 431, '908006'],
    ['the target', { target: '/orders//items' }, 400, '908002'],
    ['the routes', { target: '/nowhere' }, 404, '404'],
    ['the operations', { target: '/orders/1.0.0/nothing' }, 403, '900906'],
    ['identity', { fields: ['Host', 'a', 'ApiKey', 'wrong'] }, 401, '900901'],
  ])('refused by %s, it is charged to nobody and reaches no backend', (_, more, status, code) => {
    const exchange = send(more);
    expect(exchange.status).toBe(status);
    expect(JSON.parse(exchange.body)).toMatchObject({ code });
    expect(exchange.field('activityid')).toMatch(/^[\da-f-]{36}$/);
    expect(exchange.field('ratelimit')).toBeUndefined();
    expect([asked, sent]).toEqual([[], []]);
    expect(records).toEqual([expect.objectContaining({ status, code })]);
  });

  test('refused by a limit, it is told which, and when to come back', () => {
    refuseAt('burst');
    const exchange = send();
    expect(exchange.status).toBe(429);
    expect(JSON.parse(exchange.body)).toMatchObject({ code: '900807' });
    expect(exchange.field('retry-after')).toBe('1');
    expect(exchange.field('ratelimit')).toMatch(/^"burst";r=0;t=1, /);
    expect(sent).toHaveLength(0);
    const counter = 'burst@1000:alice/MobileApp:/orders:1.0.0:Gold';
    expect(records[0]).toMatchObject({ code: '900807', refusedBy: { level: 'burst', counter } });
  });

  test('an undecided limit is a 503 of its own and recorded as uncertain', () => {
    refuseAt('application', 'store-unavailable', false);
    const exchange = send();
    expect([exchange.status, codeOf(exchange)]).toEqual([503, '900899']);
    expect(exchange.field('retry-after')).toBe('1');
    expect(records[0]).toMatchObject({ certain: false, refusedBy: { level: 'application' } });
  });

  test('no limits are told when the operator wants none told', () => {
    refuseAt('burst');
    const silent = { retryAfter: 'seconds', rateLimitFields: false, errorFormat: 'json' } as const;
    const exchange = send({}, sampleConfig({ responses: silent }));
    expect(exchange.field('ratelimit')).toBeUndefined();
    expect(exchange.field('ratelimit-policy')).toBeUndefined();
  });

  test('an API that speaks SOAP refuses in SOAP; a client that may choose gets XML', () => {
    const soap = sampleConfig({ apis: [sampleApi({ soap: true })] });
    const fields = ['Host', 'a', 'Content-Type', 'application/soap+xml'];
    expect(send({ fields }, soap).field('content-type')).toContain('application/soap+xml');
    const accept = { retryAfter: 'seconds', rateLimitFields: true, errorFormat: 'accept' } as const;
    const picky = send({ fields: ['Host', 'a', 'Accept', 'text/xml'] }, sampleConfig({ responses: accept }));
    expect([picky.status, picky.field('content-type')]).toEqual([401, 'text/xml; charset=UTF-8']);
    expect(picky.body).toContain('<ams:code>900902</ams:code>');
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

  test.each([
    ['unreachable', 503, '101503'],
    ['silent', 504, '101504'],
    ['broken', 502, '101505'],
    ['invalid', 502, '101506'],
    ['connect-deadline', 504, '101508'],
    ['busy', 503, '908010'],
  ] as const)('a backend that is %s is a %d with code %s, limits told', (failure, status, code) => {
    const exchange = send();
    nowMs = 3;
    sent[0]?.receiver.failed(failure);
    expect([exchange.status, codeOf(exchange)]).toEqual([status, code]);
    expect(exchange.field('ratelimit')).toContain('"burst"');
    expect(exchange.field('retry-after') !== undefined).toBe(status === 503);
    expect(records).toEqual([expect.objectContaining({ status, code, backendMs: 3 })]);
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

  test('a request body that breaks off ends the backend request and is refused', () => {
    const exchange = send({ method: 'POST', bodyBytes: 10 });
    exchange.onBodyFailure({ cause: causes.slowRequest, closes: true });
    expect([exchange.status, exchange.closes, sent[0]?.aborted]).toEqual([408, true, true]);
    expect(records).toHaveLength(1);
  });

  test('a bug is a 500 that tells nothing, reported and recorded once', async () => {
    const bug = new Error('secret detail');
    decide = () => {
      throw bug;
    };
    const exchange = send();
    expect([exchange.status, codeOf(exchange)]).toEqual([500, '900900']);
    expect(exchange.body).not.toContain('secret');
    decide = () => Promise.reject(bug);
    const late = send();
    await clock.turn();
    expect(late.status).toBe(500);
    expect([bugs, records.length]).toEqual([[bug, bug], 2]);
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
    decide = () => promise;
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
