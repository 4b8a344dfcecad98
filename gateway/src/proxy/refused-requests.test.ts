import { beforeEach, describe, expect, test } from 'vitest';
import {
  asked,
  begin,
  bugs,
  clock,
  codeOf,
  decideBy,
  records,
  refuseAt,
  send,
  sent,
  setNow,
} from '../../test/proxy/handled.ts';
import { sampleApi, sampleConfig } from '../../test/proxy/sample.ts';
import { causes } from './refusal.ts';

describe('a request that is refused, or fails', () => {
  beforeEach(begin);

  test('with underscores in names is refused where the operator wants that, and charges nothing', () => {
    const config = sampleConfig({ listener: { trustedProxies: [], underscoreNames: 'refuse' } });
    const exchange = send({ fields: ['Host', 'a', 'ApiKey', 'mobile-key', 'X_A', '1'] }, config);
    expect([exchange.status, codeOf(exchange), asked.length, sent.length]).toEqual([400, '908011', 0, 0]);
    send({ fields: ['Host', 'a', 'ApiKey', 'mobile-key', 'X-A', 'a_b'] }, config);
    expect(sent).toHaveLength(1);
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

  test.each([
    ['unreachable', 503, '101503'],
    ['silent', 504, '101504'],
    ['broken', 502, '101505'],
    ['invalid', 502, '101506'],
    ['connect-deadline', 504, '101508'],
    ['busy', 503, '908010'],
  ] as const)('a backend that is %s is a %d with code %s, limits told', (failure, status, code) => {
    const exchange = send();
    setNow(3);
    sent[0]?.receiver.failed(failure);
    expect([exchange.status, codeOf(exchange)]).toEqual([status, code]);
    expect(exchange.field('ratelimit')).toContain('"burst"');
    expect(exchange.field('retry-after') !== undefined).toBe(status === 503);
    expect(records).toEqual([expect.objectContaining({ status, code, backendMs: 3 })]);
  });

  test('a request body that breaks off ends the backend request and is refused', () => {
    const exchange = send({ method: 'POST', bodyBytes: 10 });
    exchange.onBodyFailure({ cause: causes.slowRequest, closes: true });
    expect([exchange.status, exchange.closes, sent[0]?.aborted]).toEqual([408, true, true]);
    expect(records).toHaveLength(1);
  });

  test('a bug is a 500 that tells nothing, reported and recorded once', async () => {
    const bug = new Error('secret detail');
    decideBy(() => {
      throw bug;
    });
    const exchange = send();
    expect([exchange.status, codeOf(exchange)]).toEqual([500, '900900']);
    expect(exchange.body).not.toContain('secret');
    decideBy(() => Promise.reject(bug));
    const late = send();
    await clock.turn();
    expect(late.status).toBe(500);
    expect([bugs, records.length]).toEqual([[bug, bug], 2]);
  });
});
