import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEchoBackend, type EchoBackend } from '../../src/cli/demo/echo-backend.ts';
import { connectRedis } from '../../src/stores/redis/connect.ts';
import { Gateways } from '../support/gateways.ts';
import { redisMissing, RedisServer } from '../support/redis-server.ts';
import { Signer } from '../support/signer.ts';
import { TestHome } from '../support/test-home.ts';
import { hourWithRoom, minuteWithRoom } from '../support/hour-with-room.ts';
import { until } from '../support/until.ts';
import { InTurn } from './in-turn.ts';
import {
  advancedPolicies,
  applicationTiers,
  asyncTiers,
  subscriptionTiers,
  tableFiles,
} from './wso2-table-files.ts';

const roleClaim = 'http://wso2.org/claims/role';

/** Rows of wso2.md's tables 1.2, 1.5 and 1.14, and the oracles of its section 8, by two gateways as processes on one Redis. */
describe.skipIf(redisMissing)('what WSO2 documents', () => {
  const signer = new Signer();
  let redis: RedisServer;
  let store: ReturnType<typeof connectRedis>;
  let backend: EchoBackend;
  let home: TestHome;
  let gateways: Gateways;

  beforeAll(async () => {
    redis = await RedisServer.start();
    store = connectRedis(redis.address);
    backend = await startEchoBackend(() => performance.now());
    home = new TestHome(tableFiles(redis, backend.port, signer.pem));
    gateways = await Gateways.start(home.path, 2);
  });
  afterAll(async () => {
    await gateways?.stop();
    store?.disconnect();
    await Promise.all([backend?.close(), redis?.stop()]);
    home?.remove();
  });

  const { ask, answers, atOnce, policyOf } = new InTurn(() => gateways.urls);
  const byKey = (name: string) => ({ ApiKey: `${name}-production` });

  test('1.2: each level counts under the name of its row', async () => {
    const token = signer.token({ azp: 'keys-prod', sub: 'carol' });
    const asked: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
      ['/keys/1.0.0/items', byKey('Keys')],
      ['/keys/1.0.0/items', { ApiKey: 'Keys-sandbox' }],
      ['/keys/1.0.0/items', { Authorization: `Bearer ${token}` }],
      ['/keys/1.0.0/groups', byKey('Keys')],
      ['/keys/1.0.0/groups', { ...byKey('Keys'), 'X-Group': 'one' }],
      ['/keys/1.0.0/open', {}],
      ['/keyswhole/1.0.0/items', byKey('Keys')],
      ['/desk:one/1.0.0/items', byKey('Keys')],
    ];
    for (const [path, headers] of asked) await policyOf(path, headers);
    const names = async (): Promise<readonly string[]> =>
      (await store.keys('sluice:*@*:*')).map((name) => name.replace(/^sluice:/, '')).toSorted();
    const expected = [
      'anonymous@60000:127.0.0.1:/keys:1.0.0:Unauthenticated',
      'api@3600000:/keyswhole/1.0.0',
      'application-burst@60000:tester/Keys:carol',
      'application-burst@60000:tester/Keys:tester',
      'application@60000:tester/Keys:carol',
      'application@60000:tester/Keys:tester',
      'backend@3600000:/keys:1.0.0:PRODUCTION',
      'backend@3600000:/keys:1.0.0:SANDBOX',
      'backend@3600000:/reached:1.0.0:PRODUCTION',
      'burst@60000:tester/Keys:/keys:1.0.0:Plan',
      'burst@60000:tester/Keys:/keyswhole:1.0.0:Plan',
      'burst@60000:tester/Keys:Desk%3AOne:admin:Plan',
      // What has no value stands there as the template has it.
      'custom@60000:Rule:$userId:/keys/1.0.0',
      'custom@60000:Rule:carol@carbon.super:/keys/1.0.0',
      'custom@60000:Rule:tester@carbon.super:/keys/1.0.0',
      'operation@3600000:/desk%3Aone/1.0.0/items:GET',
      'operation@3600000:/keys/1.0.0/items:GET',
      'operation@60000:/keys/1.0.0/groups:GET:_condition_0',
      'operation@60000:/keys/1.0.0/groups:GET:_default',
      'subscription@3600000:tester/Keys:/keys:1.0.0:Plan',
      'subscription@3600000:tester/Keys:/keyswhole:1.0.0:Plan',
      'subscription@3600000:tester/Keys:Desk%3AOne:admin:Plan',
    ];
    await until(async () => (await names()).length >= expected.length);
    expect(await names()).toEqual(expected);
  });

  test('1.5: a condition on a claim of the token chooses the group', async () => {
    const of = (claims: Readonly<Record<string, string>>) =>
      policyOf('/claims/1.0.0/items', {
        Authorization: `Bearer ${signer.token({ azp: 'keys-prod', ...claims })}`,
      });
    expect(await of({ [roleClaim]: 'a premium customer' })).toContain('"api";q=7;w=60');
    expect(await of({ [roleClaim]: 'basic' })).toContain('"api";q=9;w=60');
    expect(await of({})).toContain('"api";q=9;w=60');
  });

  test('1.14: the built-in tiers of subscriptions', async () => {
    const limits = { Bronze: 1000, Silver: 2000, Gold: 5000, Unlimited: undefined };
    for (const tier of subscriptionTiers) {
      const told = limits[tier] === undefined ? null : `"subscription";q=${limits[tier]};w=60`;
      expect(await policyOf('/tiers/1.0.0/items', byKey(tier))).toBe(told);
    }
    expect(await policyOf('/noplans/1.0.0/items', byKey('NoPlans'))).toBe('"subscription";q=10000;w=60');
    expect(await policyOf('/tiers/1.0.0/open', {})).toBe('"subscription";q=500;w=60');
  });

  test('1.14: the built-in tiers of streaming APIs and of WebSub count events', async () => {
    const day = 86_400;
    const limits = {
      AsyncGold: [50_000, day],
      AsyncSilver: [25_000, day],
      AsyncBronze: [5000, day],
      AsyncUnlimited: undefined,
      AsyncWHGold: [10_000, 30 * day],
      AsyncWHSilver: [5000, 30 * day],
      AsyncWHBronze: [1000, 30 * day],
      AsyncWHUnlimited: undefined,
    } as const;
    for (const tier of asyncTiers) {
      const told = limits[tier] && `"subscription-events";q=${limits[tier][0]};w=${limits[tier][1]}`;
      expect(await policyOf('/stream/1.0.0/items', byKey(tier))).toBe(told ?? null);
    }
    expect(await policyOf('/streamnoplans/1.0.0/items', byKey('NoPlans'))).toBe(
      `"subscription-events";q=10000;w=${day}`,
    );
  });

  test('1.14: the built-in tiers of applications, and advanced policies', async () => {
    for (const tier of applicationTiers) {
      const told = tier === 'Unlimited' ? null : `"application";q=${tier.slice(0, 2)};w=60`;
      expect(await policyOf('/tiers/1.0.0/items', byKey(`App${tier}`))).toBe(told);
    }
    for (const policy of advancedPolicies) {
      const told = policy === 'Unlimited' ? null : `"operation";q=${policy.slice(0, 2)}000;w=60`;
      expect(await policyOf(`/tiers/1.0.0/by/${policy}`, byKey('AppUnlimited'))).toBe(told);
    }
  });

  test('section 8: a burst of 5 a minute, an hour’s hard limit of 2, an API that is denied', async () => {
    const burst = await answers(6, '/plain/1.0.0/items', 'FiveAtOnce');
    expect(burst).toEqual(['200', '200', '200', '200', '200', '429 900807']);
    expect(await answers(3, '/hard/1.0.0/items', 'Any')).toEqual(['200', '200', '503 900801']);
    expect(await answers(1, '/denied/1.0.0/items', 'Any')).toEqual(['403 900805']);
  });

  test('section 8: 3 a minute for an application, an API and an operation; 1 KB a minute', async () => {
    await minuteWithRoom(6000);
    const three = (refusal: string): readonly string[] => ['200', '200', '200', refusal];
    const large = { method: 'POST', body: new Uint8Array(4096) };
    const [byApplication, byApi, byOperation, byBytes] = await Promise.all([
      answers(4, '/plain/1.0.0/items', 'ThreeAMinute'),
      answers(4, '/three/1.0.0/items', 'Any'),
      answers(4, '/threeeach/1.0.0/items', 'Any'),
      answers(2, '/plain/1.0.0/items', 'OneKb', large),
    ]);
    expect(byApplication).toEqual(three('429 900803'));
    expect(byApi).toEqual(three('429 900800'));
    expect(byOperation).toEqual(three('429 900802'));
    expect(byBytes).toEqual(['200', '429 900803']);
    expect(await answers(1, '/threeeach/1.0.0/others', 'Any')).toEqual(['200']);
  });

  test('3.4: Retry-After is a date, of bursts and backends as well, and not where somebody is denied', async () => {
    const date = /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/;
    for (const [path, name, status, told] of [
      ['/plain/1.0.0/items', 'FiveAtOnce', 429, date],
      ['/plain/1.0.0/items', 'ThreeAMinute', 429, date],
      ['/three/1.0.0/items', 'Any', 429, date],
      ['/hard/1.0.0/items', 'Any', 503, date],
      ['/denied/1.0.0/items', 'Any', 403, /^$/],
    ] as const) {
      const response = await ask(path, { ...byKey(name), activityid: 'an-id', 'X-JWT-Assertion': 'x' });
      await response.arrayBuffer();
      // A window may have ended meanwhile.
      expect([200, status]).toContain(response.status);
      expect(response.headers.get('retry-after') ?? '').toMatch(response.status === 200 ? /^$/ : told);
      expect(response.headers.get('activityid')).toBe('an-id');
      const names = [...response.headers.keys()];
      expect(names.filter((one) => /^x-ratelimit|^x-jwt|^authorization$/.test(one))).toEqual([]);
    }
  });

  test('section 8: a GraphQL query that is too deep', async () => {
    const body = JSON.stringify({ query: '{ languages { name } }' });
    const init = { method: 'POST', body };
    const response = await ask(
      '/graph/1.0.0',
      { ...byKey('Shallow'), 'Content-Type': 'application/json' },
      init,
    );
    expect([response.status, await response.json()]).toMatchObject([400, { code: '900820' }]);
  });

  test('1.2: all versions of a product are one subscription, and not that of its API', async () => {
    await hourWithRoom();
    const versions = ['/pair/1.0.0/items', '/pair/2.0.0/items'];
    expect(await atOnce(20, versions, 'Shop')).toEqual({ '200': 6, '429 900804': 34 });
    expect(await atOnce(4, ['/member/1.0.0/items'], 'Shop')).toEqual({ '200': 4 });
    const names = await store.keys('sluice:subscription@*:tester/Shop:*');
    expect(names).toEqual(['sluice:subscription@3600000:tester/Shop:Pair:admin:SixAnHour']);
  });

  test('1.2: the burst of a product', async () => {
    expect(await atOnce(20, ['/quick/1.0.0/items'], 'Hurried')).toEqual({ '200': 5, '429 900807': 15 });
    expect(await atOnce(2, ['/member/1.0.0/items'], 'Hurried')).toEqual({ '200': 2 });
  });

  test('1.8: through products or not, requests reach a backend under one limit', async () => {
    await hourWithRoom();
    const ways = ['/narrow/1.0.0/items', '/wide/1.0.0/items', '/wider/1.0.0/items'];
    expect(await atOnce(10, ways, 'Reacher')).toEqual({ '200': 8, '503 900801': 22 });
    const names = await store.keys('sluice:backend@*');
    expect(names.filter((name) => /narrow|wide/.test(name))).toEqual([
      'sluice:backend@3600000:/narrow:1.0.0:PRODUCTION',
    ]);
    // Another API of the product has no such limit.
    expect(await answers(1, '/wide/1.0.0/others', 'Reacher')).toEqual(['200']);
  });

  test('4.5: who is subscribed to a product is not subscribed to its API, and the other way round', async () => {
    expect(await answers(1, '/quick/1.0.0/items', 'Shop')).toEqual(['403 900908']);
    expect(await answers(1, '/narrow/1.0.0/items', 'Shop')).toEqual(['403 900908']);
    expect(await answers(1, '/quick/1.0.0/items', 'Any')).toEqual(['403 900908']);
  });

  test('1.7: an inverted deny policy refuses everybody else, from the moment the files are read', async () => {
    const from = async (address: string): Promise<number> => {
      const response = await ask('/tiers/1.0.0/items', { ...byKey('Gold'), 'X-Forwarded-For': address });
      await response.arrayBuffer();
      return response.status;
    };
    const far = ['10.0.0.8', '2001:db8::1'];
    for (const address of far) expect(await from(address)).toBe(200);
    home.write(
      'deny-policies/others.yaml',
      'conditionType: IP\nconditionValue: {fixedIp: 10.0.0.7, invert: true}\nconditionStatus: true\n',
    );
    for (const url of gateways.adminUrls)
      expect((await fetch(`${url}/reload`, { method: 'POST' })).status).toBe(200);
    for (const address of [...far, ...far]) expect(await from(address)).toBe(403);
    expect([await from('10.0.0.7'), await from('::ffff:10.0.0.7')]).toEqual([200, 200]);
  });
});
