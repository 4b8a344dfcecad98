import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ApiHome, perMinute, policies } from './api-home.ts';

describe('the files of policies that the admin REST API writes', () => {
  let api: ApiHome;
  beforeEach(async () => {
    api = await ApiHome.start();
  });
  afterEach(() => api.stop());

  test('policies that stand in one file stay there, each changed by itself', async () => {
    const two = ['First', 'Second'].map((policyName) => ({
      policyName,
      type: 'ApplicationThrottlePolicy',
      defaultLimit: perMinute(5),
    }));
    api.home.write('policies/Two.json', JSON.stringify({ count: 2, list: two }));
    const idOf = async (name: string): Promise<string> =>
      (await api.ask('GET', `${policies}/search?query=name:${name}`)).body.list[0]!.uuid;
    const second = await idOf('Second');
    const sent = { policyName: 'Second', defaultLimit: perMinute(6) };
    expect((await api.ask('PUT', `${policies}/application/${second}`, { body: sent })).status).toBe(200);
    const written = JSON.parse(readFileSync(join(api.home.path, 'policies/Two.json'), 'utf8')) as object;
    expect(written).toMatchObject([
      { data: { policyName: 'First' } },
      { data: { policyId: second, ...sent } },
    ]);
    const path = `${policies}/application/${await idOf('First')}`;
    expect((await api.ask('DELETE', path)).status).toBe(200);
    expect((await api.ask('GET', `${policies}/application/${second}`)).body.defaultLimit).toEqual(
      perMinute(6),
    );
    expect((await api.ask('DELETE', `${policies}/application/${second}`)).status).toBe(200);
    expect(existsSync(join(api.home.path, 'policies/Two.json'))).toBe(false);
  });

  test('what the gateway would refuse is refused with its findings, and changes nothing', async () => {
    const bad = {
      policyName: 'Bad',
      defaultLimit: { type: 'REQUESTCOUNTLIMIT', requestCount: { timeUnit: 'min' } },
    };
    const refused = await api.ask('POST', `${policies}/application`, { body: bad });
    expect(refused.status).toBe(400);
    expect(refused.body).toMatchObject({ code: 400, message: 'Bad Request', moreInfo: '' });
    expect(refused.body.error.length).toBeGreaterThan(0);
    expect(refused.body.error[0]!.description).toMatch(/^policies\/Application-Bad\.yaml:\d+:\d+/);
    expect(readdirSync(join(api.home.path, 'policies'))).toEqual(['Plan.yaml']);
    expect(api.taken).toEqual([]);
  });

  test('a change after which the files could not be read again is refused', async () => {
    // The body is short enough; as a file it is longer.
    const customAttributes = Array.from({ length: 30_000 }, (_, index) => ({ name: `n${index}`, value: '' }));
    const sent = { policyName: 'Long', defaultLimit: perMinute(5), customAttributes };
    expect(JSON.stringify(sent).length).toBeLessThan(1024 * 1024);
    const refused = await api.ask('POST', `${policies}/application`, { body: sent });
    expect([refused.status, refused.body.error[0]?.code]).toEqual([400, 'too-large']);
    expect(readdirSync(join(api.home.path, 'policies'))).toEqual(['Plan.yaml']);
  });

  test('a gateway that fails to take a change over leaves the files as they were', async () => {
    api.takeOver = () => {
      throw new Error('broken');
    };
    const sent = { policyName: 'New', defaultLimit: perMinute(5) };
    expect((await api.ask('POST', `${policies}/application`, { body: sent })).status).toBe(500);
    expect(readdirSync(join(api.home.path, 'policies'))).toEqual(['Plan.yaml']);
    expect(api.bugs.splice(0)).toHaveLength(1);
  });

  test('changes at the same time all happen, one after the other', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `P${index}`);
    const answers = await Promise.all(
      names.map((policyName) =>
        api.ask('POST', `${policies}/application`, { body: { policyName, defaultLimit: perMinute(5) } }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(names.map(() => 201));
    expect(readdirSync(join(api.home.path, 'policies'))).toHaveLength(21);
    const same = await Promise.all(
      names.map(() =>
        api.ask('POST', `${policies}/application`, {
          body: { policyName: 'One', defaultLimit: perMinute(5) },
        }),
      ),
    );
    expect(same.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(same.filter(({ status }) => status === 409)).toHaveLength(19);
  });

  test.each([
    ['../../x', 'Application-.._.._x'],
    ['a/b\\c', 'Application-a_b_c'],
    ['.hidden', 'Application-.hidden'],
    ['Ünïcode', 'Application-_n_code'],
    ['x'.repeat(60), `Application-${'x'.repeat(60)}`],
  ])('a policy named %j stays inside its folder', async (policyName, start) => {
    const sent = { policyName, defaultLimit: perMinute(5) };
    expect((await api.ask('POST', `${policies}/application`, { body: sent })).status).toBe(201);
    const names = readdirSync(join(api.home.path, 'policies')).filter((name) => name !== 'Plan.yaml');
    expect(names).toEqual([expect.stringMatching(/\.yaml$/)]);
    expect(names[0]!.startsWith(start)).toBe(true);
    const found = await api.ask(
      'GET',
      `${policies}/search?query=${encodeURIComponent(`name:${policyName} type:app`)}`,
    );
    expect(found.body.count).toBe(1);
  });

  test.each([[''], [' x'], ['x'.repeat(61)], ['a\nb'], [7], [null], [undefined]])(
    '%j is no name for a policy',
    async (policyName) => {
      const sent = { policyName, defaultLimit: perMinute(5) };
      expect((await api.ask('POST', `${policies}/application`, { body: sent })).status).toBe(400);
    },
  );
});
