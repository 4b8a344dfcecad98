import { describe, expect, test } from 'vitest';
import { sampleApi, sampleApplication, gold } from '../../test/proxy/sample.ts';
import { DenyRules, type DenyPolicy } from './deny.ts';
import { ipNumber } from './ip-number.ts';
import type { RequestFacts } from './request-facts.ts';

const api = sampleApi();
const [operation] = api.operations;

function factsOf(
  more: { owner?: string; name?: string; user?: string; context?: string } = {},
): RequestFacts {
  const { owner = 'alice', name = 'MobileApp', user = owner, context = '/orders' } = more;
  const application = sampleApplication(api, { owner, name });
  const consumer = { kind: 'application', application, user, tier: gold } as const;
  return { api: { ...api, context }, operation: operation!, consumer, keyType: 'PRODUCTION' };
}

function denies(policy: DenyPolicy, facts: RequestFacts): boolean {
  return new DenyRules([policy]).deniesConsumer(facts);
}

function address(from: string, to: string, more: { inverted?: boolean; tenant?: string } = {}): DenyPolicy {
  const { inverted = false, tenant = 'carbon.super' } = more;
  return { kind: 'address', tenant, inverted, range: { from: ipNumber(from), to: ipNumber(to) } };
}

describe('deny policies', () => {
  test('an API is named by its context with its version', () => {
    const rules = new DenyRules([{ kind: 'api', context: '/orders/1.0.0' }]);
    expect(rules.at(api)?.everybody).toBe(true);
    expect(rules.at({ ...api, version: '2.0.0' })?.everybody).toBe(false);
    const inside = { ...api, context: '/orders/{version}' };
    expect(rules.at(inside)?.everybody).toBe(true);
    const ofTenant = new DenyRules([{ kind: 'api', context: '/t/acme.com/orders/1.0.0' }]);
    expect(ofTenant.at({ ...api, context: '/t/acme.com/orders' })?.everybody).toBe(true);
    expect(ofTenant.at(api)?.everybody).toBe(false);
  });

  test('an application is its owner and its name, and no other spells the same', () => {
    const policy: DenyPolicy = { kind: 'application', owner: 'alice', name: 'b:c' };
    expect(denies(policy, factsOf({ name: 'b:c' }))).toBe(true);
    expect(denies(policy, factsOf({ owner: 'alice:b', name: 'c' }))).toBe(false);
    expect(denies(policy, factsOf({ name: 'B:C' }))).toBe(false);
    expect(denies(policy, factsOf({ name: 'alice","b:c' }))).toBe(false);
  });

  test('a user is compared with its tenant, that of the API unless it names one', () => {
    const policy: DenyPolicy = { kind: 'user', user: 'alice@carbon.super' };
    expect(denies(policy, factsOf())).toBe(true);
    expect(denies(policy, factsOf({ user: 'alice@carbon.super' }))).toBe(true);
    expect(denies(policy, factsOf({ user: 'bob' }))).toBe(false);
    expect(denies(policy, factsOf({ context: '/t/acme.com/orders' }))).toBe(false);
    expect(denies({ kind: 'user', user: 'alice@acme.com' }, factsOf({ context: '/t/acme.com/orders' }))).toBe(
      true,
    );
    // Not only a part of the name.
    expect(denies(policy, factsOf({ user: 'alice@carbon.super.example' }))).toBe(false);
  });

  test('a subscription is one application at one API with one type of key', () => {
    const policy: DenyPolicy = {
      kind: 'subscription',
      context: '/orders/1.0.0',
      version: '1.0.0',
      owner: 'alice',
      application: 'MobileApp',
      keyType: 'PRODUCTION',
    };
    expect(denies(policy, factsOf())).toBe(true);
    expect(denies(policy, { ...factsOf(), keyType: 'SANDBOX' })).toBe(false);
    expect(denies(policy, factsOf({ name: 'Other' }))).toBe(false);
    expect(denies(policy, factsOf({ context: '/other' }))).toBe(false);
  });

  test('nobody is denied who is anonymous, but by address', () => {
    const consumer = { kind: 'anonymous', subject: 'alice', tier: gold } as const;
    expect(denies({ kind: 'user', user: 'alice@carbon.super' }, { ...factsOf(), consumer })).toBe(false);
  });

  test('addresses are denied at the APIs of one tenant', () => {
    const rules = new DenyRules([
      address('10.0.0.1', '10.0.0.9'),
      address('::1', '::1', { tenant: 'acme.com' }),
    ]);
    const at = (context: string, client: string): boolean | undefined =>
      rules.at({ ...api, context })?.addresses?.has(ipNumber(client));
    expect(at('/orders', '10.0.0.9')).toBe(true);
    expect(at('/orders', '::ffff:10.0.0.1')).toBe(true);
    expect(at('/orders', '::1')).toBe(false);
    expect(at('/t/acme.com/orders', '::1')).toBe(true);
    expect(at('/t/acme.com/orders', '10.0.0.9')).toBe(false);
    expect(at('/t/other.com/orders', '10.0.0.9')).toBeUndefined();
  });

  test('all addresses but some, where it is inverted, also those of the other family', () => {
    const rules = new DenyRules([
      address('10.0.0.0', '10.0.0.255', { inverted: true }),
      address('10.0.0.7', '10.0.0.7'),
    ]);
    const denied = (client: string): boolean | undefined => rules.at(api)?.addresses?.has(ipNumber(client));
    expect(denied('10.0.0.8')).toBe(false);
    expect(denied('10.0.0.7')).toBe(true);
    expect(denied('10.0.1.0')).toBe(true);
    expect(denied('2001:db8::1')).toBe(true);
  });
});
