import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { headOf } from '../../test/proxy/fake-exchange.ts';
import {
  apiKey,
  backendAt,
  gold,
  limitOf,
  sampleApi,
  sampleApplication,
  sampleConfig,
} from '../../test/proxy/sample.ts';
import { Backends } from '../backends/backends.ts';
import type { Api, Application, SubscriptionState } from '../policy/catalogue.ts';
import { plan } from '../policy/plan.ts';
import type { RequestHead } from './exchange.ts';
import { identify } from './identify.ts';
import { causes, isRefusal } from './refusal.ts';
import { route } from './route.ts';
import { TokenShelf } from '../identity/token-shelf.ts';
import { compileServing, type ServedConfig } from './serving.ts';
import { readTarget } from './target.ts';

const host = ['Host', 'gateway.example'];

/** Takes a request through target, route and identity, as handle.ts does. */
function through(config: ServedConfig, more: Partial<RequestHead>) {
  const serving = compileServing(config, new Backends(new FakeClock()), new TokenShelf(new FakeClock()));
  const head = headOf(more);
  const target = readTarget(head);
  if (isRefusal(target)) return target.cause;
  const routed = route(serving.routes, { method: head.method, target });
  if (isRefusal(routed)) return routed.cause;
  if ('methods' in routed) return routed.methods;
  const identified = identify(head, routed, serving);
  return isRefusal(identified) ? identified.cause : identified;
}

function keyed(...keys: readonly string[]): Partial<RequestHead> {
  return { fields: [...host, ...keys.flatMap((key) => ['ApiKey', key])] };
}

function configOf(api: Api, application: Partial<Application> = {}): ServedConfig {
  return sampleConfig({ apis: [api], applications: [sampleApplication(api, application)] });
}

describe('who sends a request', () => {
  test("a key's application, with the tier of its subscription, at the endpoint of its type", () => {
    const sandbox = backendAt('http://127.0.0.1:9002');
    const production = backendAt('http://127.0.0.1:9001');
    const config = configOf(sampleApi({ backends: { PRODUCTION: production, SANDBOX: sandbox } }));
    expect(through(config, keyed('mobile-key'))).toMatchObject({
      backend: production,
      facts: {
        consumer: { application: { name: 'MobileApp' }, user: 'alice', tier: gold },
        keyType: 'PRODUCTION',
      },
    });
    expect(through(config, keyed('mobile-sandbox'))).toMatchObject({
      backend: sandbox,
      facts: { keyType: 'SANDBOX' },
    });
  });

  test('no key, an unknown key and two keys are three different refusals', () => {
    const config = sampleConfig();
    expect(through(config, keyed())).toMatchObject({ code: '900902' });
    expect(through(config, keyed(''))).toMatchObject({ code: '900902' });
    expect(through(config, keyed('wrong'))).toBe(causes.badCredentials);
    expect(through(config, keyed('mobile-key', 'mobile-key'))).toBe(causes.repeatedApiKey);
    expect(through(config, { fields: [...host, 'apikey', 'mobile-key', 'APIKEY', ''] })).toBe(
      causes.repeatedApiKey,
    );
  });

  test('a missing key is asked for by the name of its header', () => {
    expect(through(configOf(sampleApi({ apiKeyHeader: 'x-key' })), keyed('mobile-key'))).toMatchObject({
      description: "Make sure your API invocation call has a header: 'x-key : API_KEY'",
    });
  });

  test.each<[SubscriptionState, string, string]>([
    ['active', 'ok', 'ok'],
    ['blocked', '900907', '900907'],
    ['production-blocked', '900907', 'ok'],
    ['not-approved', '900909', '900909'],
  ])('a subscription that is %s: production %s, sandbox %s', (state, production, sandbox) => {
    const backends = {
      PRODUCTION: backendAt('http://127.0.0.1:1'),
      SANDBOX: backendAt('http://127.0.0.1:2'),
    };
    const api = sampleApi({ backends });
    const config = configOf(api, { subscriptions: [{ api, tier: gold, state }] });
    const outcome = (key: string): unknown => {
      const given = through(config, keyed(key));
      return typeof given === 'object' && 'code' in given ? given.code : 'ok';
    };
    expect([outcome('mobile-key'), outcome('mobile-sandbox')]).toEqual([production, sandbox]);
  });

  test('without a subscription it is refused, unless the API needs none', () => {
    const unsubscribed = { subscriptions: [] };
    expect(through(configOf(sampleApi(), unsubscribed), keyed('mobile-key'))).toBe(causes.noSubscription);
    const subscriptionless = { name: 'DefaultSubscriptionless', quota: limitOf(10_000) };
    expect(
      through(configOf(sampleApi({ subscriptionless }), unsubscribed), keyed('mobile-key')),
    ).toMatchObject({
      facts: { consumer: { tier: subscriptionless } },
    });
  });

  test('a key of a type that has no endpoint is refused', () => {
    const sandboxOnly = sampleApi({ backends: { SANDBOX: backendAt('http://127.0.0.1:2') } });
    expect(through(sampleConfig(), keyed('mobile-sandbox'))).toBe(causes.noSandboxEndpoint);
    expect(through(configOf(sandboxOnly), keyed('mobile-key'))).toBe(causes.noProductionEndpoint);
  });

  test('an open operation needs no key, and a key changes nothing', () => {
    const open = { target: '/orders/1.0.0/open/x' };
    const consumer = { kind: 'anonymous', subject: '192.0.2.1', tier: sampleApi().anonymous.tier };
    for (const fields of [host, [...host, 'ApiKey', 'mobile-key'], [...host, 'ApiKey', 'a', 'ApiKey', 'b']]) {
      expect(through(sampleConfig(), { ...open, fields })).toMatchObject({ facts: { consumer } });
    }
    const sandboxOnly = sampleApi({ backends: { SANDBOX: backendAt('http://127.0.0.1:2') } });
    expect(through(configOf(sandboxOnly), open)).toMatchObject({ facts: { keyType: 'SANDBOX' } });
  });

  test('anonymous callers can be counted by a header, or all together', () => {
    const by = (kind: Api['anonymous']['by']): Api =>
      sampleApi({ anonymous: { tier: { name: 'U' }, by: kind } });
    const subject = (api: Api, ...fields: readonly string[]): unknown => {
      const given = through(configOf(api), { target: '/orders/1.0.0/open/x', fields: [...host, ...fields] });
      return typeof given === 'object' && 'facts' in given ? given.facts.consumer : given;
    };
    const tenants = by({ kind: 'header', name: 'X-Tenant' });
    expect(subject(tenants, 'x-tenant', 'acme')).toMatchObject({ subject: 'acme' });
    expect(subject(tenants)).toMatchObject({ subject: '' });
    expect(subject(by({ kind: 'everyone' }))).toMatchObject({ subject: '' });
  });
});

describe('the counters a request is charged to', { timeout: 60_000 }, () => {
  const mixedCase = (text: string, upper: readonly boolean[]): string =>
    text.replace(/./g, (letter, at: number) => (upper[at % upper.length] ? letter.toUpperCase() : letter));
  const escaped = (path: string, escape: readonly boolean[]): string =>
    path.replace(/[\w.-]/g, (letter, at: number) =>
      escape[at % escape.length] ? `%${letter.charCodeAt(0).toString(16)}` : letter,
    );
  const flips = fc.array(fc.boolean(), { minLength: 1, maxLength: 12 });
  const api = sampleApi({ backends: { PRODUCTION: backendAt('http://127.0.0.1:9001', limitOf(50)) } });
  const config = sampleConfig({
    apis: [api],
    applications: [
      sampleApplication(api),
      sampleApplication(api, { id: 'bob/Shop', name: 'Shop', owner: 'bob', apiKeys: [apiKey('shop-key')] }),
    ],
  });
  const keysOf = (more: Partial<RequestHead>): unknown => {
    const given = through(config, more);
    return typeof given === 'object' && 'facts' in given ? plan(given.facts).map(({ key }) => key) : given;
  };
  const claims = fc.array(
    fc.tuple(
      fc.constantFrom('X-Forwarded-For', 'Forwarded', 'X-Real-IP', 'activityid', 'X-Tenant', 'Connection'),
      fc.oneof(fc.ipV4(), fc.ipV6(), fc.constantFrom('ApiKey', 'for=1.1.1.1', 'bob/Shop')),
    ),
    { maxLength: 5 },
  );

  test('follow from the key alone: no spelling of path, header or forwarding chooses others', () => {
    const expected = keysOf(keyed('mobile-key'));
    fc.assert(
      fc.property(flips, flips, claims, fc.ipV4(), (upper, escape, told, peer) => {
        const fields = ['Host', 'other.example', ...told.flat(), mixedCase('apikey', upper), 'mobile-key'];
        const target = escaped('/orders/1.0.0/items', escape);
        expect(keysOf({ fields, target, peer })).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
  });

  test('follow from the socket alone for anonymous callers', () => {
    const expected = keysOf({ target: '/orders/1.0.0/open/x', fields: host });
    const peers = fc.constantFrom('192.0.2.1', '::ffff:192.0.2.1', '::FFFF:c000:201');
    fc.assert(
      fc.property(flips, claims, peers, fc.boolean(), (escape, told, peer, withKey) => {
        const fields = [...host, ...told.flat(), ...(withKey ? ['ApiKey', 'shop-key'] : [])];
        const target = escaped('/orders/1.0.0/open/x', escape);
        expect(keysOf({ fields, target, peer })).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
  });

  test('no other bytes than those of a key reach its counters', () => {
    const expected = keysOf(keyed('shop-key'));
    const nearKeys = fc.oneof(
      fc.string({ unit: 'binary-ascii', minLength: 1 }),
      flips.map((upper) => mixedCase('shop-key', upper)),
      flips.map((escape) => escaped('shop-key', escape)),
      fc.constantFrom('"shop-key"', 'shop-key,shop-key', 'shop\u00adkey', 'mobile-key'),
    );
    fc.assert(
      fc.property(nearKeys, (key) => {
        fc.pre(key !== 'shop-key');
        expect(keysOf(keyed(key))).not.toEqual(expected);
      }),
      { numRuns: 1000 },
    );
  });
});
