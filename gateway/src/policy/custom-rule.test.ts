import { describe, expect, test } from 'vitest';
import { gold, limitOf, sampleApi, sampleApplication } from '../../test/proxy/sample.ts';
import { applyRules, type CustomRule, type Eligibility } from './custom-rule.ts';
import { ipNumber, type IpNumber } from './ip-number.ts';
import type { RequestFacts } from './request-facts.ts';

const api = sampleApi();
const [operation] = api.operations;

function factsOf(more: { user?: string; id?: string; owner?: string; context?: string } = {}): RequestFacts {
  const { user = 'alice', context = '/orders', ...named } = more;
  const consumer = {
    kind: 'application',
    application: sampleApplication(api, named),
    user,
    tier: gold,
  } as const;
  return { api: { ...api, context }, operation: operation!, consumer, keyType: 'PRODUCTION' };
}

const anonymous: RequestFacts = {
  ...factsOf(),
  consumer: { kind: 'anonymous', subject: '192.0.2.1', tier: gold },
};

function rule(key: CustomRule['key'], eligible: Eligibility = { kind: 'constant', holds: true }): CustomRule {
  return { name: 'Rule', limit: limitOf(5), eligible, key };
}

function keyOf(key: CustomRule['key'], facts: RequestFacts, address?: IpNumber): string | undefined {
  return applyRules([rule(key)], facts)[0]?.charge(address).key;
}

function concerns(eligible: Eligibility, facts: RequestFacts): boolean {
  return applyRules([rule([], eligible)], facts).length === 1;
}

const equal = (field: 'userId' | 'apiContext' | 'appTier', text: string): Eligibility => {
  return { kind: 'equal', operands: [{ field }, { text }] };
};

describe('a custom rule', () => {
  test('counts by the values of its key, spelled as in WSO2', () => {
    const key = (field: 'resourceKey' | 'userId' | 'appId' | 'appTenant' | 'apiTenant' | 'subscriptionKey') =>
      keyOf([{ field }], factsOf());
    expect(key('resourceKey')).toBe('custom@60000:Rule:/orders/1.0.0/1.0.0/items%3AGET');
    expect(key('userId')).toBe('custom@60000:Rule:alice@carbon.super');
    expect(key('appId')).toBe('custom@60000:Rule:alice/MobileApp');
    expect(key('subscriptionKey')).toBe('custom@60000:Rule:alice/MobileApp%3A/orders/1.0.0%3A1.0.0%3AGold');
    const facts = factsOf();
    const product = { ...facts, api: { ...facts.api, product: { provider: 'admin' } } };
    expect(keyOf([{ field: 'subscriptionKey' }], product)).toBe(
      'custom@60000:Rule:alice/MobileApp%3AOrders%3Aadmin%3AGold',
    );
    expect(keyOf([{ field: 'apiTenant' }], factsOf({ context: '/t/acme.com/orders' }))).toMatch(
      /:acme\.com$/,
    );
    expect(keyOf([{ field: 'appTenant' }], factsOf({ owner: 'bob@acme.com' }))).toMatch(/:acme\.com$/);
  });

  test('no value spells the counter of other values', () => {
    const key: CustomRule['key'] = [{ field: 'userId' }, { text: ':' }, { field: 'apiContext' }];
    const keys = ['alice', 'alice:/orders/1.0.0', 'alice%3A', '$userId', '$$userId', 'a:b'].map((user) =>
      keyOf(key, factsOf({ user })),
    );
    expect(new Set(keys).size).toBe(keys.length);
    const ids = [factsOf({ id: '$appId' }), factsOf({ id: '$$appId' }), anonymous].map((facts) =>
      keyOf([{ field: 'appId' }], facts),
    );
    expect(new Set(ids).size).toBe(3);
  });

  test('a placeholder without a value stays', () => {
    expect(keyOf([{ field: 'userId' }, { text: ':' }, { field: 'apiVersion' }], anonymous)).toBe(
      'custom@60000:Rule:$userId:1.0.0',
    );
    expect(keyOf([{ field: 'clientIp' }], anonymous)).toBe('custom@60000:Rule:$clientIp');
  });

  test('an address is one integer, and all of one IPv6 network are one client', () => {
    const key: CustomRule['key'] = [{ field: 'clientIp' }];
    const at = (address: string): string | undefined => keyOf(key, anonymous, ipNumber(address));
    expect(at('10.0.0.7')).toBe('custom@60000:Rule:167772167');
    expect(at('2001:db8::1')).toBe(at('2001:db8::ffff:1'));
    expect(at('2001:db8::1')).not.toBe(at('2001:db8:0:1::1'));
    expect(applyRules([rule(key)], anonymous)[0]?.looksAtAddress).toBe(true);
    expect(applyRules([rule([{ field: 'userId' }])], anonymous)[0]?.looksAtAddress).toBe(false);
  });

  test.each<[Eligibility, boolean]>([
    [equal('userId', 'alice@carbon.super'), true],
    [equal('userId', 'alice'), false],
    [{ kind: 'not', of: equal('userId', 'alice') }, true],
    [{ kind: 'and', of: [equal('appTier', '50PerMin'), equal('apiContext', '/orders/1.0.0')] }, true],
    [{ kind: 'and', of: [equal('appTier', '50PerMin'), equal('apiContext', '/orders')] }, false],
    [{ kind: 'or', of: [equal('appTier', 'x'), equal('apiContext', '/orders/1.0.0')] }, true],
    [{ kind: 'or', of: [equal('appTier', 'x'), equal('apiContext', '/orders')] }, false],
    [{ kind: 'constant', holds: false }, false],
  ])('%j concerns a request: %s', (eligible, expected) => {
    expect(concerns(eligible, factsOf())).toBe(expected);
  });

  test('what has no value equals nothing', () => {
    const same: Eligibility = { kind: 'equal', operands: [{ field: 'userId' }, { field: 'appKey' }] };
    expect(concerns(same, anonymous)).toBe(false);
    expect(concerns({ kind: 'not', of: equal('userId', 'x') }, anonymous)).toBe(true);
  });
});
