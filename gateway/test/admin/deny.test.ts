import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ApiHome } from './api-home.ts';

const all = '/throttling/deny-policies';
const one = '/throttling/deny-policy';
const address = (fixedIp: string): object => ({
  conditionType: 'IP',
  conditionValue: { fixedIp, invert: false },
  conditionStatus: true,
});

describe('deny policies by the admin REST API', () => {
  let api: ApiHome;
  beforeEach(async () => {
    api = await ApiHome.start();
  });
  afterEach(() => api.stop());

  test.each<[object, object]>([
    [
      { conditionType: 'API', conditionValue: '/open/1.0.0' },
      { kind: 'api', context: '/open/1.0.0' },
    ],
    [
      { conditionType: 'APPLICATION', conditionValue: 'tester:Some' },
      { kind: 'application', name: 'Some' },
    ],
    [
      { conditionType: 'USER', conditionValue: 'a@carbon.super' },
      { kind: 'user', user: 'a@carbon.super' },
    ],
    [address('10.0.0.7'), { kind: 'address', inverted: false }],
    [
      {
        conditionType: 'IPRANGE',
        conditionValue: { startingIp: '10.0.0.1', endingIp: '10.0.0.9', invert: true },
      },
      { kind: 'address', inverted: true },
    ],
  ])('%j is created, switched off and on, and deleted', async (sent, inForce) => {
    const created = await api.ask('POST', all, { body: sent });
    expect(created.status).toBe(201);
    const id = created.body.conditionId;
    expect(created.headers.get('location')).toBe(`/api/am/admin/v4${one}/${id}`);
    expect(created.body).toEqual({ conditionStatus: true, ...sent, conditionId: id });
    expect(api.taken.at(-1)?.denyPolicies).toEqual([expect.objectContaining(inForce)]);
    const file = join(api.home.path, `deny-policies/${id}.yaml`);
    expect(parse(readFileSync(file, 'utf8'))).toEqual(created.body);
    expect((await api.ask('POST', all, { body: sent })).status).toBe(409);
    expect((await api.ask('GET', `${one}/${id}`)).body).toEqual(created.body);
    expect((await api.ask('GET', all)).body).toEqual({ count: 1, list: [created.body] });

    const off = await api.ask('PATCH', `${one}/${id}`, { body: { conditionStatus: false } });
    expect([off.status, off.body]).toEqual([200, { ...created.body, conditionStatus: false }]);
    expect(api.taken.at(-1)?.denyPolicies).toEqual([]);
    const on = await api.ask('PATCH', `${one}/${id}`, { body: { conditionStatus: true } });
    expect(on.body).toEqual(created.body);
    expect(api.taken.at(-1)?.denyPolicies).toHaveLength(1);

    expect((await api.ask('DELETE', `${one}/${id}`)).status).toBe(200);
    expect(existsSync(file)).toBe(false);
    expect(api.taken.at(-1)?.denyPolicies).toEqual([]);
    expect((await api.ask('GET', `${one}/${id}`)).status).toBe(404);
    // What was changed is told, with the name of the token and without the token.
    expect(api.said).toEqual([
      `admin API: apim:admin: POST ${all}: 201`,
      `admin API: apim:admin: PATCH ${one}/${id}: 200`,
      `admin API: apim:admin: PATCH ${one}/${id}: 200`,
      `admin API: apim:admin: DELETE ${one}/${id}: 200`,
    ]);
  });

  test("those of an operator's list keep their file, each changed by itself", async () => {
    api.home.write(
      'deny-policies/some.yaml',
      `- {conditionType: USER, conditionValue: a@carbon.super, tenantDomain: carbon.super}
- {conditionType: USER, conditionValue: b@carbon.super, conditionStatus: "False"}
- {conditionId: mine, conditionType: USER, conditionValue: c@carbon.super}
`,
    );
    const listed = (await api.ask('GET', all)).body.list;
    expect(listed.map(({ conditionStatus }) => conditionStatus)).toEqual([true, false, true]);
    const [first, second, third] = listed.map(({ conditionId }) => conditionId);
    expect(third).toBe('mine');
    await api.ask('PATCH', `${one}/${second}`, { body: { conditionStatus: true } });
    expect(api.taken.at(-1)?.denyPolicies).toHaveLength(3);
    expect((await api.ask('DELETE', `${one}/${first}`)).status).toBe(200);
    expect((await api.ask('DELETE', `${one}/${third}`)).status).toBe(200);
    expect(api.taken.at(-1)?.denyPolicies).toEqual([{ kind: 'user', user: 'b@carbon.super' }]);
    expect(parse(readFileSync(join(api.home.path, 'deny-policies/some.yaml'), 'utf8'))).toMatchObject({
      conditionId: second,
      conditionStatus: true,
    });
    expect((await api.ask('DELETE', `${one}/${second}`)).status).toBe(200);
    expect(existsSync(join(api.home.path, 'deny-policies/some.yaml'))).toBe(false);
  });

  test('a query finds by type and value', async () => {
    const sent = [
      address('10.0.0.7'),
      address('10.0.0.8'),
      { conditionType: 'USER', conditionValue: 'a@carbon.super' },
      {
        conditionType: 'IPRANGE',
        conditionValue: { startingIp: '10.0.0.1', endingIp: '10.0.0.9', invert: false },
      },
    ];
    for (const body of sent) expect((await api.ask('POST', all, { body })).status).toBe(201);
    const count = async (query: string): Promise<number> =>
      (await api.ask('GET', `${all}?query=${query}`)).body.count;
    expect(await count('conditionType:IP')).toBe(2);
    expect(await count('conditionType:IP%26conditionValue:10.0.0.7')).toBe(1);
    expect(await count('conditionType:IP&conditionValue:10.0.0.8')).toBe(1);
    expect(await count('conditionType:IPRANGE%26conditionValue:10.0.0.1-10.0.0.9')).toBe(1);
    expect(await count('conditionValue:a@carbon.super')).toBe(1);
    expect(await count('conditionType:API')).toBe(0);
    expect(await count('')).toBe(4);
    expect((await api.ask('GET', `${all}?query=moon`)).status).toBe(400);
  });

  test.each([
    {},
    { conditionType: 'MOON', conditionValue: 'x' },
    { conditionType: 'USER' },
    { conditionType: 'IP', conditionValue: { fixedIp: 'moon' } },
    { conditionType: 'IP', conditionValue: '10.0.0.7' },
    { conditionType: 'IPRANGE', conditionValue: { startingIp: '10.0.0.9', endingIp: '10.0.0.1' } },
    { conditionType: 'USER', conditionValue: 'a', conditionStatus: 'perhaps' },
  ])('%j is refused', async (body) => {
    expect((await api.ask('POST', all, { body })).status).toBe(400);
    expect(existsSync(join(api.home.path, 'deny-policies'))).toBe(false);
    expect(api.taken).toEqual([]);
  });

  test('a status that is none is refused', async () => {
    const { body } = await api.ask('POST', all, { body: address('10.0.0.7') });
    for (const wrong of [{}, { conditionStatus: 'false' }, { conditionStatus: 0 }])
      expect((await api.ask('PATCH', `${one}/${body.conditionId}`, { body: wrong })).status).toBe(400);
    expect(api.taken).toHaveLength(1);
  });
});
