import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { subscriptionPolicy } from '../support/test-home.ts';
import { ApiHome, type Answer, policies, type Policy } from './api-home.ts';

function parse(text: string): { readonly data: Policy } {
  return parseYaml(text) as { data: Policy };
}

describe('export and import, as apictl does them', () => {
  let api: ApiHome;
  beforeEach(async () => {
    api = await ApiHome.start();
  });
  afterEach(() => api.stop());

  /** apictl: the file in a form, its answer in JSON. */
  const importFile = (text: string, overwrite: boolean, name = 'Subscription-Plan.yaml'): Promise<Answer> => {
    const raw = new FormData();
    raw.set('file', new Blob([text]), name);
    return api.ask('POST', `${policies}/import?overwrite=${overwrite}`, {
      raw,
      headers: { Accept: 'application/json' },
    });
  };
  const exportAs = (format: string, query = 'name=Team&type=sub'): Promise<Answer> =>
    api.ask('GET', `${policies}/export?${query}&format=${format}`);

  test('a policy is created, exported, deleted and imported again, as it was', async () => {
    const sent = parse(subscriptionPolicy('Team', { perHour: 5 })).data;
    const created = await api.ask('POST', `${policies}/subscription`, { body: sent });
    expect(created.status).toBe(201);
    const exported = await exportAs('YAML');
    expect([exported.status, exported.headers.get('content-type')]).toEqual([200, 'application/yaml']);
    const envelope = parse(exported.text);
    expect(envelope).toMatchObject({
      type: 'throttling policy',
      subtype: 'subscription policy',
      version: 'v4.7.0',
    });
    expect(envelope.data).toEqual(created.body);
    // Where apictl looks for the name.
    expect(Object.keys(envelope.data)[1]).toBe('policyName');

    // apictl looks for the id by name and kind.
    const found = await api.ask('GET', `${policies}/search?query=name:Team%20type:sub`);
    expect((await api.ask('DELETE', `${policies}/subscription/${found.body.list[0]!.uuid}`)).status).toBe(
      200,
    );
    expect((await exportAs('YAML')).status).toBe(404);

    const imported = await importFile(exported.text, false);
    expect([imported.status, imported.body.message]).toEqual([
      201,
      'Successfully imported Subscription Throttling Policy : Team',
    ]);
    expect(parse((await exportAs('YAML')).text)).toEqual(envelope);
  });

  test('an import overwrites only when it is told to', async () => {
    const { text } = await exportAs('YAML', 'name=Plan&type=sub');
    const other = text.replace(/requestCount: 20\b/, 'requestCount: 30');
    expect(other).not.toBe(text);
    expect((await importFile(other, false)).status).toBe(409);
    const updated = await importFile(other, true);
    expect([updated.status, updated.body.message]).toEqual([
      200,
      'Successfully updated Subscription Throttling Policy : Plan',
    ]);
    expect(api.taken.at(-1)?.applications[0]?.subscriptions[0]?.tier.quotas).toMatchObject([
      { limit: { quota: 30 } },
    ]);
    const { data } = parse(readFileSync(join(api.home.path, 'policies/Plan.yaml'), 'utf8'));
    expect(data.policyId).toBe(parse(text).data.policyId);
  });

  test.each(['Gold', 'Unlimited', 'AsyncWHGold', '10KPerMin', '50PerMin'])(
    'the built-in %s is exported in both forms alike',
    async (name) => {
      const asYaml = await exportAs('YAML', `name=${name}`);
      const asJson = await exportAs('JSON', `name=${name}`);
      expect([asYaml.status, asJson.status]).toEqual([200, 200]);
      expect(parse(asYaml.text)).toEqual(asJson.body);
      const id = asJson.body.data.policyId;
      expect((await exportAs('JSON', `policyId=${id}`)).body).toEqual(asJson.body);
      expect((await importFile(asJson.text, true, 'x.json')).status).toBe(200);
    },
  );

  test('the file may also be the body itself', async () => {
    const { text, body } = await exportAs('JSON', 'name=Plan&type=sub');
    const changed = { ...body, data: { ...body.data, description: 'changed' } };
    expect((await api.ask('POST', `${policies}/import?overwrite=true`, { body: changed })).status).toBe(200);
    const headers = { 'Content-Type': 'application/yaml' };
    expect((await api.ask('POST', `${policies}/import?overwrite=true`, { raw: text, headers })).status).toBe(
      200,
    );
  });

  test.each([
    ['no YAML', 'a: ['],
    ['a list', '- 1'],
    ['of another type', 'type: api\nsubtype: subscription policy\ndata: {policyName: X}'],
    ['of another subtype', 'type: throttling policy\nsubtype: moon policy\ndata: {policyName: X}'],
    ['without a policy', 'type: throttling policy\nsubtype: subscription policy'],
    ['without a name', 'type: throttling policy\nsubtype: subscription policy\ndata: {displayName: X}'],
    ['that the gateway refuses', subscriptionPolicy('X', { perHour: -1 })],
  ])('a file %s is refused', async (_, text) => {
    expect((await importFile(text, true)).status).toBe(400);
    expect(api.taken).toEqual([]);
  });

  test('a form without a file, and a body that is no form, are refused', async () => {
    const raw = new FormData();
    raw.set('file', 'text');
    expect((await api.ask('POST', `${policies}/import`, { raw })).status).toBe(400);
    const headers = { 'Content-Type': 'multipart/form-data; boundary=x' };
    expect((await api.ask('POST', `${policies}/import`, { raw: 'moon', headers })).status).toBe(400);
  });

  test('what an export does not name or find is told', async () => {
    expect((await exportAs('JSON', 'type=sub')).status).toBe(400);
    expect((await exportAs('XML')).status).toBe(400);
    expect((await exportAs('JSON', 'name=Plan&type=moon')).status).toBe(400);
    expect((await exportAs('JSON', 'name=Plan&type=app')).status).toBe(404);
  });
});
