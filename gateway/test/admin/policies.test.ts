import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { apiProduct, subscriptionPolicy } from '../support/test-home.ts';
import { ApiHome, perMinute, policies, type Policy } from './api-home.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

describe('throttling policies by the admin REST API', () => {
  let api: ApiHome;
  beforeEach(async () => {
    api = await ApiHome.start();
  });
  afterEach(() => api.stop());

  const file = (path: string): { readonly data: Policy } =>
    parse(readFileSync(join(api.home.path, path), 'utf8')) as { data: Policy };

  test.each([
    ['subscription', 'Subscription', 'subscription policy', { stopOnQuotaReach: true }],
    ['application', 'Application', 'application policy', {}],
    ['advanced', 'Advanced', 'advanced policy', { conditionalGroups: [] }],
  ])(
    'a policy of the kind %s is created, shown, changed and deleted',
    async (kind, prefix, subtype, more) => {
      const sent = {
        policyName: 'Team 7',
        displayName: 'Team',
        description: 'x',
        defaultLimit: perMinute(7),
        ...more,
      };
      const created = await api.ask('POST', `${policies}/${kind}`, { body: sent });
      expect(created.status).toBe(201);
      const id = created.body.policyId;
      expect(id).toMatch(uuid);
      expect(created.headers.get('location')).toBe(`/api/am/admin/v4${policies}/${kind}/${id}`);
      expect(created.body).toEqual({ ...created.body, ...sent, isDeployed: true, policyId: id });
      expect(Object.keys(created.body).slice(0, 2)).toEqual(['policyId', 'policyName']);
      const name = readdirSync(join(api.home.path, 'policies')).find((one) => one !== 'Plan.yaml')!;
      expect(name).toMatch(new RegExp(`^${prefix}-Team_7-[0-9a-f]{8}\\.yaml$`));
      expect(file(`policies/${name}`)).toMatchObject({
        type: 'throttling policy',
        subtype,
        data: created.body,
      });

      expect((await api.ask('GET', `${policies}/${kind}/${id}`)).body).toEqual(created.body);
      const listed = await api.ask('GET', `${policies}/${kind}`);
      expect(listed.body.count).toBe(listed.body.list.length);
      expect(listed.body.list).toContainEqual(created.body);

      const twice = await api.ask('POST', `${policies}/${kind}`, { body: sent });
      expect([twice.status, twice.body.code, twice.body.description]).toEqual([
        409,
        409,
        `${prefix} Policy with name Team 7 already exists`,
      ]);

      const changed = await api.ask('PUT', `${policies}/${kind}/${id}`, {
        body: { ...sent, policyName: 'Renamed', policyId: 'other', defaultLimit: perMinute(8) },
      });
      expect(changed.status).toBe(200);
      expect(changed.body).toMatchObject({ policyId: id, policyName: 'Team 7', defaultLimit: perMinute(8) });
      expect(file(`policies/${name}`).data).toEqual(changed.body);

      expect((await api.ask('DELETE', `${policies}/${kind}/${id}`)).status).toBe(200);
      expect(existsSync(join(api.home.path, 'policies', name))).toBe(false);
      for (const method of ['GET', 'DELETE'])
        expect((await api.ask(method, `${policies}/${kind}/${id}`)).status).toBe(404);
      expect((await api.ask('PUT', `${policies}/${kind}/${id}`, { body: sent })).status).toBe(404);
      expect(api.taken).toHaveLength(3);
    },
  );

  test('a custom rule is created, shown, changed and deleted', async () => {
    const rule = (count: number): object => ({
      policyName: 'PerUser',
      description: 'so many for each user',
      keyTemplate: '$userId:$apiContext',
      siddhiQuery: `FROM RequestStream
SELECT userId, (apiContext == '/open/1.0.0') AS isEligible, str:concat(userId, ':', apiContext) AS throttleKey
INSERT INTO EligibilityStream;
FROM EligibilityStream[isEligible==true]#throttler:timeBatch(1 min, 0)
SELECT throttleKey, (count(userId) >= ${count}) AS isThrottled, expiryTimeStamp GROUP BY throttleKey
INSERT ALL EVENTS INTO ResultStream;`,
    });
    const created = await api.ask('POST', `${policies}/custom`, { body: rule(10) });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ ...rule(10), type: 'CustomRule', isDeployed: true });
    const path = `${policies}/custom/${created.body.policyId}`;
    expect((await api.ask('GET', `${policies}/custom`)).body).toEqual({ count: 1, list: [created.body] });
    expect((await api.ask('PUT', path, { body: rule(11) })).body).toEqual({ ...created.body, ...rule(11) });
    const exported = await api.ask('GET', `${policies}/export?name=PerUser&type=global&format=YAML`);
    expect((await api.ask('DELETE', path)).status).toBe(200);
    const raw = new FormData();
    raw.set('file', new Blob([exported.text]), 'Custom-PerUser.yaml');
    expect((await api.ask('POST', `${policies}/import`, { raw })).status).toBe(201);
    expect((await api.ask('GET', path)).body).toEqual({ ...created.body, ...rule(11) });
    const other = { ...rule(10), policyName: 'Other', siddhiQuery: 'FROM Moon' };
    expect((await api.ask('POST', `${policies}/custom`, { body: other })).status).toBe(400);
  });

  test('what is answered is in force: the gateway has taken it over', async () => {
    const { body } = await api.ask('GET', `${policies}/search?query=name:Plan%20type:sub`);
    const id = body.list[0]!.uuid;
    const sent = { policyName: 'Plan', defaultLimit: perMinute(5), stopOnQuotaReach: true };
    expect((await api.ask('PUT', `${policies}/subscription/${id}`, { body: sent })).status).toBe(200);
    expect(api.taken.at(-1)?.applications[0]?.subscriptions[0]?.tier.quotas).toMatchObject([
      { limit: { quota: 5 } },
    ]);
    // The file of an operator keeps its place and name, and has its id from now on.
    expect(file('policies/Plan.yaml').data).toMatchObject({ policyId: id, policyName: 'Plan' });
  });

  test('a policy in use is not deleted, nor is one that is built in', async () => {
    const { body } = await api.ask('GET', `${policies}/search?query=type:sub`);
    const idOf = (name: string): string => body.list.find((one) => one.policyName === name)!.uuid;
    const used = await api.ask('DELETE', `${policies}/subscription/${idOf('Plan')}`);
    expect(used.status).toBe(403);
    expect(used.body.error[0]).toMatchObject({ code: 'unknown-tier' });
    expect(existsSync(join(api.home.path, 'policies/Plan.yaml'))).toBe(true);
    expect((await api.ask('DELETE', `${policies}/subscription/${idOf('Gold')}`)).status).toBe(403);
    // Nor where it shares its file with another one.
    const { data } = file('policies/Plan.yaml');
    const spare = { ...data, policyName: 'Spare', type: 'SubscriptionThrottlePolicy' };
    const plan = { ...data, type: 'SubscriptionThrottlePolicy' };
    api.home.write('policies/Plan.yaml', JSON.stringify([plan, spare]));
    expect((await api.ask('DELETE', `${policies}/subscription/${idOf('Plan')}`)).status).toBe(403);
    expect(api.taken).toEqual([]);
  });

  test('a policy that only a product uses is in use', async () => {
    api.home.write('policies/OfProduct.yaml', subscriptionPolicy('OfProduct', { perHour: 20 }));
    const operations = '[{target: /*, verb: GET}]';
    const product = apiProduct({ name: 'Desk', apis: { Open: operations }, policies: ['OfProduct'] });
    api.home.write('apis/Desk.yaml', product);
    const { body } = await api.ask('GET', `${policies}/search?query=type:sub`);
    const path = `${policies}/subscription/${body.list.find((one) => one.policyName === 'OfProduct')!.uuid}`;
    const used = await api.ask('DELETE', path);
    expect(used.status).toBe(403);
    expect(used.body.error[0]).toMatchObject({ code: 'unknown-tier' });
    api.home.write('apis/Desk.yaml', product.replace('OfProduct', 'Gold'));
    expect((await api.ask('DELETE', path)).status).toBe(200);
  });

  test('a built-in policy is listed, may be changed, and comes back when its file goes', async () => {
    const list = await api.ask('GET', `${policies}/subscription`);
    const gold = list.body.list.find((one) => one.policyName === 'Gold')!;
    const hub = list.body.list.find((one) => one.policyName === 'AsyncWHBronze');
    expect(hub).toMatchObject({ subscriberCount: 100 });
    expect(gold).toMatchObject({ isDeployed: true, defaultLimit: { requestCount: { requestCount: 5000 } } });
    const path = `${policies}/subscription/${gold.policyId}`;
    const sent = { ...gold, defaultLimit: perMinute(6000) };
    expect((await api.ask('PUT', path, { body: sent })).status).toBe(200);
    expect(file('policies/Subscription-Gold.yaml').data.policyId).toBe(gold.policyId);
    expect((await api.ask('GET', path)).body.defaultLimit).toEqual(perMinute(6000));
    expect((await api.ask('DELETE', path)).status).toBe(200);
    expect((await api.ask('GET', path)).body).toEqual(gold);
  });

  test('search finds by name and kind, and all without a query', async () => {
    const find = async (query: string): Promise<string[]> => {
      const { status, body } = await api.ask('GET', `${policies}/search${query}`);
      expect(status).toBe(200);
      expect(body.count).toBe(body.list.length);
      return body.list.map((one) => `${one.type} ${one.policyName}`);
    };
    const all = await find('');
    expect(all).toEqual(await find('?query=null'));
    expect(all).toContain('sub Plan');
    expect(await find('?query=type:sub')).toEqual(all.filter((one) => one.startsWith('sub ')));
    expect(await find('?query=type:all')).toEqual(all);
    expect(await find('?query=name:Unlimited')).toEqual(['app Unlimited', 'sub Unlimited', 'api Unlimited']);
    expect(await find('?query=name:Unlimited+type:api')).toEqual(['api Unlimited']);
    expect(await find('?query=name:Nothing')).toEqual([]);
    for (const wrong of ['type:moon', 'gold'])
      expect((await api.ask('GET', `${policies}/search?query=${wrong}`)).status).toBe(400);
  });
});
