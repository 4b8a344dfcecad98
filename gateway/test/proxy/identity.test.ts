import { afterEach, describe, expect, test } from 'vitest';
import type { Charge } from '../../src/policy/plan.ts';
import { until } from '../support/until.ts';
import { admitAll, echoed, RunningGateway } from './running-gateway.ts';
import {
  apiKey,
  backendAt,
  gold,
  operationOf,
  sampleApi,
  sampleApplication,
  sampleConfig,
} from './sample.ts';

let gateway: RunningGateway;
let charged: (readonly Charge[])[];

/** /items needs a key, /open doesn't; the applications' keys hold bytes that aren't ASCII. */
async function start(trustedProxies: readonly string[] = []): Promise<void> {
  charged = [];
  gateway = await RunningGateway.start({
    config: (url) => {
      const backends = { PRODUCTION: backendAt(`${url}/production`), SANDBOX: backendAt(`${url}/sandbox/`) };
      const operations = [operationOf('/items', 'GET'), operationOf('/open', 'GET', { open: true })];
      const api = sampleApi({ backends, operations });
      const apiKeys = [apiKey('k\u00e9y\u0080\u00ff'), apiKey('sandbox', 'SANDBOX')];
      return sampleConfig({
        apis: [api, sampleApi({ name: 'Closed', basePaths: ['/closed/1'], blocked: true })],
        applications: [
          sampleApplication(api, { apiKeys }),
          sampleApplication(api, {
            id: 'bob/Shop',
            name: 'Shop',
            apiKeys: [apiKey('stranger')],
            subscriptions: [],
          }),
          sampleApplication(api, {
            id: 'eve/Late',
            name: 'Late',
            apiKeys: [apiKey('blocked')],
            subscriptions: [{ api, tier: gold, state: 'blocked' }],
          }),
        ],
        listener: { trustedProxies, underscoreNames: 'drop' },
      });
    },
  });
  gateway.decide = (charges) => {
    charged.push(charges);
    return admitAll(charges);
  };
}

afterEach(() => gateway.close());

async function get(target: string, ...fields: readonly string[]): Promise<string> {
  const client = gateway.connect().request(`GET ${target}`, 'Connection: close', ...fields);
  await until(() => client.ended);
  return client.received;
}

const items = '/orders/1.0.0/items';
const key = 'k\u00e9y\u0080\u00ff';

describe('an API key', () => {
  test('is taken byte by byte, without the white space around it', async () => {
    await start();
    for (const field of [`ApiKey: ${key}`, `apikey:${key}`, `APIKEY: \t ${key} \t `]) {
      expect(await get(items, field)).toContain('"url":"/v1/production/items"');
    }
    const inUtf8 = Buffer.from(key, 'utf8').toString('latin1');
    for (const field of [
      `ApiKey: ${inUtf8}`,
      `ApiKey: ${key}x`,
      `ApiKey: "${key}"`,
      `ApiKey: ${key.slice(1)}`,
    ]) {
      expect(await get(items, field)).toMatch(/^HTTP\/1.1 401 [^]*"code":"900901"/);
    }
  });

  test('chooses the endpoint by its type and never reaches it', async () => {
    await start();
    const answer = await get(`${items}?a=1`, 'ApiKey: sandbox');
    expect(answer).toContain('"url":"/v1/sandbox/items?a=1"');
    const told = echoed(answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1));
    expect(told.fields).not.toHaveProperty('apikey');
  });

  test('twice is refused, even when both are the same', async () => {
    await start();
    expect(await get(items, 'ApiKey: sandbox', 'apikey: sandbox')).toMatch(
      /^HTTP\/1.1 400 [^]*"code":"908004"/,
    );
  });

  test.each([
    ['none', [], 401, '900902'],
    ['an unknown one', ['ApiKey: wrong'], 401, '900901'],
    ['one without subscription', ['ApiKey: stranger'], 403, '900908'],
    ['one whose subscription is blocked', ['ApiKey: blocked'], 401, '900907'],
  ])(
    '%s is refused, charged to nobody and not told which limits there are',
    async (_, fields, status, code) => {
      await start();
      const answer = await get(items, ...fields);
      expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} [^]*"code":"${code}"`));
      expect(/\r\nWWW-Authenticate: ApiKey realm="sluice"\r\n/.test(answer)).toBe(status === 401);
      expect(answer).not.toMatch(/ratelimit/i);
      expect(charged).toEqual([]);
    },
  );
});

describe('an anonymous caller', () => {
  const counters = async (...fields: readonly string[]): Promise<unknown> => {
    charged = [];
    await get('/orders/1.0.0/open', ...fields);
    return charged[0]?.map(({ key }) => key);
  };

  test('counts by the address of its connection, whatever it claims', async () => {
    await start();
    const expected = ['anonymous@60000:127.0.0.1:/orders:1.0.0:Unauthenticated'];
    expect(await counters()).toEqual(expected);
    expect(await counters('X-Forwarded-For: 203.0.113.9', 'X-Real-IP: 203.0.113.9')).toEqual(expected);
    expect(await counters('Forwarded: for=203.0.113.9', 'ApiKey: sandbox')).toEqual(expected);
  });

  test('counts by what a trusted proxy says, not by what it says itself', async () => {
    await start(['127.0.0.0/8']);
    const expected = ['anonymous@60000:203.0.113.9:/orders:1.0.0:Unauthenticated'];
    expect(await counters('X-Forwarded-For: 203.0.113.9')).toEqual(expected);
    expect(await counters('X-Forwarded-For: 198.51.100.1, 203.0.113.9, 127.0.0.2')).toEqual(expected);
    expect(await counters('X-Forwarded-For: 198.51.100.1', 'x-forwarded-for: 203.0.113.9')).toEqual(expected);
  });
});

describe('the bytes of refusals', () => {
  const told = async (target: string, ...fields: readonly string[]): Promise<string> => {
    const answer = await get(target, 'activityid: id-1', ...fields);
    return answer.replace(/\r\nDate: [^\r]+/, '').replace(/\r\n/g, '\n');
  };
  const refusal = (status: string, more: readonly string[], body: string): string =>
    [
      `HTTP/1.1 ${status}`,
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
      ...more,
      'activityid: id-1',
      'Connection: close',
      '',
      body,
    ].join('\n');

  test('404 no API', async () => {
    await start();
    expect(await told('/nowhere')).toBe(
      refusal(
        '404 Not Found',
        [],
        '{"code":"404","type":"Status report","message":"Runtime Error",' +
          '"description":"No matching resource found for given API Request"}',
      ),
    );
  });

  test('403 no resource', async () => {
    await start();
    expect(await told('/orders/1.0.0/nothing')).toBe(
      refusal(
        '403 Forbidden',
        [],
        '{"code":"900906","message":"No matching resource found in the API for the given request",' +
          '"description":"Check the API documentation and add a proper REST resource path to the invocation URL"}',
      ),
    );
  });

  test('503 blocked API', async () => {
    await start();
    expect(await told('/closed/1/items')).toMatch(
      /^HTTP\/1.1 503 [^]*\nRetry-After: 60\n[^]*"code":"700700"/,
    );
  });

  test('401 no key', async () => {
    await start();
    expect(await told(items)).toBe(
      refusal(
        '401 Unauthorized',
        ['WWW-Authenticate: ApiKey realm="sluice"'],
        '{"code":"900902","message":"Missing Credentials",' +
          '"description":"Make sure your API invocation call has a header: \'apikey : API_KEY\'"}',
      ),
    );
  });

  test.each([
    ['subscription', '900804', 'subscription', 60_000],
    ['burst', '900807', 'burst', 1000],
    ['application', '900803', 'application', 60_000],
  ] as const)('429 %s', async (level, code, name, windowMs) => {
    await start();
    gateway.decide = (charges) => {
      const standings = charges.map((charge) => ({
        charge,
        remaining: 7,
        resetsInMs: charge.limit.windowMs,
      }));
      const refused = { ...standings.find(({ charge }) => charge.level === level)!, remaining: 0 };
      return { admitted: false, standings, refused, because: 'over-limit', certain: true };
    };
    const answer = await told(items, 'ApiKey: sandbox');
    expect(answer).toMatch(/^HTTP\/1.1 429 Too Many Requests\n/);
    expect(answer).toContain(`\nRetry-After: ${windowMs / 1000}\n`);
    expect(answer).toMatch(new RegExp(`\nRateLimit-Policy: "${name}";q=\\d+;w=${windowMs / 1000}, "`));
    expect(answer).toMatch(new RegExp(`\nRateLimit: "${name}";r=0;t=${windowMs / 1000}, "`));
    expect(answer).toMatch(
      new RegExp(
        `\n\n\\{"code":"${code}","message":"Message throttled out","description":"You have exceeded your quota ` +
          `\\.You can access API after (\\d{4}-[A-Z][a-z]{2}-\\d\\d \\d\\d:\\d\\d:\\d\\d\\+0000 UTC)","nextAccessTime":"\\1"\\}$`,
      ),
    );
  });
});
