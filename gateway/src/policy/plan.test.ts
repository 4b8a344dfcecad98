import { describe, expect, test } from 'vitest';
import type { Limit } from '../limits/limit.ts';
import type { Api, Application, Operation } from './catalogue.ts';
import { levels } from './levels.ts';
import { requestQuota } from './measure.ts';
import { plan } from './plan.ts';
import type { Consumer, RequestFacts } from './request-facts.ts';

const limit = (quota: number, windowMs = 60_000): Limit => {
  return { kind: 'fixed-window', quota, windowMs, starts: 'aligned' };
};

const requests = (quota: number, windowMs = 60_000) => [requestQuota(limit(quota, windowMs))];

const operation: Operation = {
  target: '/items/{id}',
  verb: 'GET',
  open: false,
  policy: { name: '10KPerMin', limits: requests(10_000) },
};

const api: Api = {
  name: 'Orders',
  version: '1.0.0',
  context: '/orders',
  basePaths: ['/orders/1.0.0'],
  blocked: false,
  apiKeyHeader: 'apikey',
  webSocket: false,
  operations: [operation],
  anonymous: { tier: { name: 'Unauthenticated', quotas: requests(500) }, by: { kind: 'client-address' } },
  backends: {
    PRODUCTION: {
      targets: [{ url: 'http://127.0.0.1:9001' }],
      choice: 'single',
      limits: requests(50, 1000),
    },
    SANDBOX: { targets: [{ url: 'http://127.0.0.1:9002' }], choice: 'single' },
  },
};

const application: Application = {
  id: 'alice/MobileApp',
  name: 'MobileApp',
  owner: 'alice',
  tier: { name: '50PerMin', quotas: requests(50), burst: limit(5, 1000) },
  apiKeys: [],
  subscriptions: [],
};

const gold = { name: 'PartnerGold', quotas: requests(5000), burst: limit(100, 1000) };
const consumer: Consumer = { kind: 'application', application, user: 'alice', tier: gold };

function planned(more: Partial<RequestFacts>): [string, string][] {
  const charges = plan({ api, operation, consumer, keyType: 'PRODUCTION', ...more });
  return charges.map(({ level, key }) => [level, key]);
}

describe('the plan of a request', () => {
  test('charges every level in the order of evaluation, under the keys of the contract', () => {
    expect(planned({})).toEqual([
      ['operation', 'operation@60000:/orders/1.0.0/items/{id}:GET'],
      ['subscription', 'subscription@60000:alice/MobileApp:/orders:1.0.0:PartnerGold'],
      ['burst', 'burst@1000:alice/MobileApp:/orders:1.0.0:PartnerGold'],
      ['application', 'application@60000:alice/MobileApp:alice'],
      ['application-burst', 'application-burst@1000:alice/MobileApp:alice'],
      ['backend', 'backend@1000:/orders:1.0.0:PRODUCTION'],
    ]);
    const order = planned({ api: { ...api, policy: { name: 'P', limits: requests(1) } } }).map(
      ([level]) => level,
    );
    expect(order).toEqual(levels.filter((level) => order.includes(level)));
  });

  test('an API-level policy replaces those of the operations, also when it sets no limit', () => {
    const limited = planned({ api: { ...api, policy: { name: 'ApiPolicy', limits: requests(7) } } });
    expect(limited[0]).toEqual(['api', 'api@60000:/orders/1.0.0']);
    expect(limited.some(([level]) => level === 'operation')).toBe(false);
    const unlimited = planned({ api: { ...api, policy: { name: 'Unlimited' } } });
    expect(unlimited[0]?.[0]).toBe('subscription');
  });

  test('a request of a conditional group owes the limit of that group, on a counter of its own', () => {
    const groups = [
      { conditions: [], limits: requests(5) },
      { conditions: [], limits: requests(7, 3_600_000) },
    ];
    const policy = { name: 'P', limits: requests(9), groups };
    const facts = { api, operation: { ...operation, policy }, consumer, keyType: 'PRODUCTION' } as const;
    const first = (of: RequestFacts, group: number): [string, number] => {
      const [charge] = plan(of, group);
      return [String(charge?.key), charge?.limit.quota ?? NaN];
    };
    const key = '/orders/1.0.0/items/{id}:GET';
    expect(first(facts, 0)).toEqual([`operation@60000:${key}:_condition_0`, 5]);
    expect(first(facts, 1)).toEqual([`operation@3600000:${key}:_condition_1`, 7]);
    expect(first(facts, 2)).toEqual([`operation@60000:${key}:_default`, 9]);
    const whole = { ...facts, api: { ...api, policy } };
    expect(first(whole, 1)).toEqual(['api@3600000:/orders/1.0.0:_condition_1', 7]);
  });

  test('a policy may count each user apart', () => {
    const policy = { name: 'P', limits: requests(9), perUser: true };
    const facts = { api: { ...api, policy }, operation, consumer, keyType: 'PRODUCTION' } as const;
    expect(plan(facts)[0]?.key).toBe('api@60000:/orders/1.0.0:_alice@carbon.super');
    const grouped = { ...policy, groups: [{ conditions: [], limits: requests(5) }] };
    expect(plan({ ...facts, api: { ...api, policy: grouped } })[0]?.key).toBe(
      'api@60000:/orders/1.0.0:_alice@carbon.super:_condition_0',
    );
    const anonymous: Consumer = { kind: 'anonymous', subject: 'alice', tier: api.anonymous.tier };
    expect(plan({ ...facts, consumer: anonymous })[0]?.key).toBe('api@60000:/orders/1.0.0:_anonymous');
  });

  test('counts sandbox and production apart at the backend, and together elsewhere', () => {
    const sandbox = planned({ keyType: 'SANDBOX' });
    expect(sandbox).toEqual(planned({}).slice(0, -1));
  });

  test('all applications share a backend; each has its own subscription and application counters', () => {
    const other = { ...application, id: 'bob/Shop' };
    const keys = new Set(planned({ consumer: { ...consumer, application: other } }).map(([, key]) => key));
    const shared = planned({}).filter(([, key]) => keys.has(key));
    expect(shared.map(([level]) => level)).toEqual(['operation', 'backend']);
  });

  test('anonymous callers count by their subject and owe no application limit', () => {
    const anonymous: Consumer = { kind: 'anonymous', subject: '2001:db8::/64', tier: api.anonymous.tier };
    expect(planned({ consumer: anonymous }).slice(1)).toEqual([
      ['subscription', 'anonymous@60000:2001%3Adb8%3A%3A/64:/orders:1.0.0:Unauthenticated'],
      ['backend', 'backend@1000:/orders:1.0.0:PRODUCTION'],
    ]);
  });

  test('a product counts its subscribers under its own name, whatever its version, and its APIs count their backends', () => {
    const product = {
      ...api,
      name: 'Desk:1',
      context: '/desk',
      version: '2.0.0',
      product: { provider: 'admin' },
      backends: {},
    };
    const ofProduct = { api: product, operation: { ...operation, of: api } };
    expect(planned(ofProduct)).toEqual([
      ['operation', 'operation@60000:/desk/2.0.0/items/{id}:GET'],
      ['subscription', 'subscription@60000:alice/MobileApp:Desk%3A1:admin:PartnerGold'],
      ['burst', 'burst@1000:alice/MobileApp:Desk%3A1:admin:PartnerGold'],
      ['application', 'application@60000:alice/MobileApp:alice'],
      ['application-burst', 'application-burst@1000:alice/MobileApp:alice'],
      ['backend', 'backend@1000:/orders:1.0.0:PRODUCTION'],
    ]);
    const whole = planned({ ...ofProduct, api: { ...product, policy: { name: 'P', limits: requests(7) } } });
    expect(whole[0]).toEqual(['api', 'api@60000:/desk/2.0.0']);
    const anonymous: Consumer = { kind: 'anonymous', subject: 'x', tier: api.anonymous.tier };
    expect(planned({ ...ofProduct, consumer: anonymous })[1]).toEqual([
      'subscription',
      'anonymous@60000:x:Desk%3A1:admin:Unauthenticated',
    ]);
  });

  test('no limits, no charges', () => {
    const free = {
      ...consumer,
      tier: { name: 'Unlimited' },
      application: { ...application, tier: { name: 'Unlimited' } },
    };
    expect(
      planned({
        operation: { ...operation, policy: { name: 'Unlimited' } },
        consumer: free,
        keyType: 'SANDBOX',
      }),
    ).toEqual([]);
  });
});
