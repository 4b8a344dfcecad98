import { parseList } from 'structured-headers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEchoBackend, type EchoBackend } from '../../src/cli/demo/echo-backend.ts';
import { Gateways } from '../support/gateways.ts';
import { hourWithRoom } from '../support/hour-with-room.ts';
import { redisMissing, RedisServer } from '../support/redis-server.ts';
import { TestHome } from '../support/test-home.ts';
import { answeredFiles } from './answered-files.ts';

/** Every answer of contract.md 3 and 4, from two gateways as processes on one Redis. */
describe.skipIf(redisMissing)('what a client sees', () => {
  let redis: RedisServer;
  let backend: EchoBackend;
  let home: TestHome;
  let gateways: Gateways;

  beforeAll(async () => {
    redis = await RedisServer.start();
    backend = await startEchoBackend(() => performance.now());
    home = new TestHome(answeredFiles(redis, backend.port));
    gateways = await Gateways.start(home.path, 2);
  });
  afterAll(async () => {
    await gateways?.stop();
    await Promise.all([backend?.close(), redis?.stop()]);
    home?.remove();
  });

  let turn = 0;
  const ask = (path: string, apiKey: string | undefined = 'App-production', init: RequestInit = {}) => {
    turn += 1;
    const headers = apiKey === '' ? {} : { ApiKey: apiKey };
    return fetch(`${gateways.urls[turn % 2]}${path}`, { headers, ...init });
  };
  /** The answer to the third request of three over both gateways, in a window that holds two. */
  const third = async (path: string): Promise<Response> => {
    for (const _ of [1, 2]) expect((await ask(path)).status).toBe(200);
    return ask(path);
  };
  const quotaText = 'You have exceeded your quota';

  test.each([
    {
      what: 'subscription quota',
      path: '/quota/1.0.0/x',
      status: 429,
      code: '900804',
      first: 'subscription',
    },
    { what: 'burst', path: '/burst/1.0.0/x', status: 429, code: '900807', first: 'burst' },
    { what: 'API', path: '/whole/1.0.0/x', status: 429, code: '900800', first: 'api' },
    { what: 'operation', path: '/part/1.0.0/a', status: 429, code: '900802', first: 'operation' },
  ])('over the limit: $what → $status $code', async ({ path, status, code, first }) => {
    await hourWithRoom();
    const response = await third(path);
    const body = (await response.json()) as Record<string, string>;
    expect(response.status).toBe(status);
    expect(body).toMatchObject({ code, message: 'Message throttled out' });
    expect(body['description']).toMatch(
      new RegExp(`^${quotaText} \\.You can access API after \\d{4}-\\w{3}-\\d\\d `),
    );
    expect(body['nextAccessTime']).toMatch(/^\d{4}-\w{3}-\d\d \d\d:\d\d:\d\d\+0000 UTC$/);
    expect(Object.values(body).every((value) => typeof value === 'string')).toBe(true);
    expect(response.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    const [policy] = parseList(response.headers.get('ratelimit-policy')!);
    const [left] = parseList(response.headers.get('ratelimit')!);
    expect(policy![0]).toBe(first);
    expect(policy![1].get('q')).toBe(2);
    expect(left![0]).toBe(first);
    expect(left![1].get('r')).toBe(0);
    expect(left![1].get('t')).toBeGreaterThan(0);
  });

  test('over the application quota: 429 900803', async () => {
    const seen = [];
    for (let i = 0; i < 12; i += 1) seen.push(await ask('/plain/1.0.0/x', 'Trial-production'));
    const last = seen.at(-1)!;
    expect(last.status).toBe(429);
    expect(await last.json()).toMatchObject({ code: '900803' });
    expect(last.headers.get('ratelimit-policy')).toBe('"application";q=10;w=60');
  });

  test('over the application burst: 429 900809', async () => {
    const seen = [];
    for (let i = 0; i < 3; i += 1) seen.push(await ask('/plain/1.0.0/x', 'Hasty-production'));
    const last = seen.at(-1)!;
    expect(seen.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(await last.json()).toMatchObject({ code: '900809' });
    expect(last.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  });

  test('over the backend limit: 503 900801, and its limit is nobody’s business', async () => {
    const response = await third('/backend/1.0.0/x');
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({
      code: '900801',
      message: 'API Limit Reached',
      description: 'API not accepting requests',
    });
    expect(response.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    expect(response.headers.get('ratelimit-policy')).toBeNull();
  });

  test('200: RateLimit fields of every limit asked, and the activity id', async () => {
    const response = await ask('/burst/1.0.0/x', 'App-sandbox', {
      headers: { ApiKey: 'App-production', activityid: 'a-1' },
    });
    expect([200, 429]).toContain(response.status);
    expect(response.headers.get('activityid')).toBe('a-1');
    const policies = response.headers.get('ratelimit-policy')!;
    expect(new Set(parseList(policies).map(([name]) => String(name)))).toEqual(
      new Set(['subscription', 'burst']),
    );
  });

  test.each([
    { what: 'no key', path: '/plain/1.0.0/x', key: '', status: 401, code: '900902' },
    { what: 'an unknown key', path: '/plain/1.0.0/x', key: 'nobody', status: 401, code: '900901' },
    { what: 'no subscription', path: '/quota/1.0.0/x', key: 'Trial-production', status: 403, code: '900908' },
    { what: 'no sandbox endpoint', path: '/plain/1.0.0/x', key: 'App-sandbox', status: 403, code: '900901' },
    {
      what: 'no such resource',
      path: '/part/1.0.0/nope',
      key: 'App-production',
      status: 403,
      code: '900906',
    },
    { what: 'no such API', path: '/nope', key: 'App-production', status: 404, code: '404' },
    { what: 'a blocked API', path: '/blocked/1.0.0/x', key: '', status: 503, code: '700700' },
    {
      what: 'a blocked subscription',
      path: '/plain/1.0.0/x',
      key: 'Held-production',
      status: 401,
      code: '900907',
    },
    {
      what: 'a subscription on hold',
      path: '/whole/1.0.0/x',
      key: 'Held-production',
      status: 401,
      code: '900909',
    },
    {
      what: 'no backend there',
      path: '/away/1.0.0/x',
      key: 'App-production',
      status: 503,
      code: '101503',
    },
  ])('$what → $status $code', async ({ path, key, status, code }) => {
    const response = await ask(path, key);
    expect(response.status).toBe(status);
    const body = (await response.json()) as Record<string, string>;
    expect(body['code']).toBe(code);
    expect(Object.values(body).every((value) => typeof value === 'string')).toBe(true);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('ratelimit')).toBeNull();
    expect(response.headers.get('activityid')).toMatch(/^[\w-]+$/);
    expect(response.headers.has('retry-after')).toBe(status === 503);
  });

  test('a client that prefers XML gets it, for a limit and for a fault', async () => {
    const headers = { ApiKey: 'nobody', Accept: 'application/xml' };
    const unknown = await ask('/plain/1.0.0/x', '', { headers });
    expect(unknown.status).toBe(401);
    expect(unknown.headers.get('content-type')).toBe('application/xml; charset=UTF-8');
    expect(await unknown.text()).toContain('<ams:code>900901</ams:code>');
    await hourWithRoom();
    const limited = { ApiKey: 'Hasty-production', Accept: 'application/xml' };
    const seen = [];
    for (let i = 0; i < 3; i += 1) seen.push(await ask('/plain/1.0.0/x', '', { headers: limited }));
    expect(seen.at(-1)!.status).toBe(429);
    expect(await seen.at(-1)!.text()).toMatch(
      /<amt:fault xmlns:amt="http:\/\/wso2.org\/apimanager\/throttling"><amt:code>900809<.*<amt:nextAccessTime>/,
    );
  });

  test('over the limit of a SOAP API: a fault in the version of SOAP that was asked in', async () => {
    await hourWithRoom();
    const post = (type: string) =>
      ask('/soap/1.0.0/x', '', {
        method: 'POST',
        headers: { ApiKey: 'App-production', 'Content-Type': type },
        body: '<a/>',
      });
    for (const _ of [1, 2]) expect((await post('text/xml')).status).toBe(200);
    const [first, second] = [await post('text/xml'), await post('application/soap+xml')];
    expect([first.status, second.status]).toEqual([429, 429]);
    expect(first.headers.get('content-type')).toBe('text/xml; charset=UTF-8');
    expect(await first.text()).toContain(
      '<faultcode>soapenv:Server</faultcode><faultstring>Message throttled',
    );
    expect(second.headers.get('content-type')).toBe('application/soap+xml; charset=UTF-8');
    expect(await second.text()).toMatch(/<env:Value>env:Receiver<.*<amt:code>900804<.*<amt:nextAccessTime>/);
  });

  test('a refused request’s own fields are not in the answer', async () => {
    const { headers } = await ask('/plain/1.0.0/x', '', {
      headers: { ApiKey: 'nobody', 'X-JWT-Assertion': 'a', Authorization: 'b', To: 'c' },
    });
    for (const name of ['x-jwt-assertion', 'authorization', 'to', 'apikey', 'host', 'accept']) {
      expect(headers.has(name), name).toBe(false);
    }
  });

  test('an open operation is counted by client address under the Unauthenticated tier', async () => {
    const response = await ask('/part/1.0.0/b', '');
    expect(response.status).toBe(200);
    expect(response.headers.get('ratelimit-policy')).toBe('"subscription";q=500;w=60');
  });
});
