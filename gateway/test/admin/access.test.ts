import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { adminScopes } from '../../src/config/config.ts';
import { ApiHome } from './api-home.ts';

const unknownId = '00000000-0000-4000-8000-000000000000';

const admin = 'Authorization: Bearer apim:admin';

/** Every route, with the scope it takes and the status it answers with when it is let in and nothing is there. */
const routes: readonly (readonly [string, string, string, number])[] = [
  ['GET', '/throttling/policies/search', 'apim:tier_view', 200],
  ...['application', 'subscription', 'advanced', 'custom'].flatMap(
    (kind): [string, string, string, number][] => [
      ['GET', `/throttling/policies/${kind}`, 'apim:tier_view', 200],
      ['POST', `/throttling/policies/${kind}`, 'apim:tier_manage', 400],
      ['GET', `/throttling/policies/${kind}/${unknownId}`, 'apim:tier_view', 404],
      ['PUT', `/throttling/policies/${kind}/${unknownId}`, 'apim:tier_manage', 404],
      ['DELETE', `/throttling/policies/${kind}/${unknownId}`, 'apim:tier_manage', 404],
    ],
  ),
  ['GET', `/throttling/policies/export?policyId=${unknownId}`, 'apim:policies_import_export', 404],
  ['POST', '/throttling/policies/import', 'apim:policies_import_export', 400],
  ['GET', '/throttling/deny-policies', 'apim:bl_view', 200],
  ['POST', '/throttling/deny-policies', 'apim:bl_manage', 400],
  ['GET', `/throttling/deny-policy/${unknownId}`, 'apim:bl_view', 404],
  ['PATCH', `/throttling/deny-policy/${unknownId}`, 'apim:bl_manage', 404],
  ['DELETE', `/throttling/deny-policy/${unknownId}`, 'apim:bl_manage', 404],
];

describe('who may use the admin REST API', () => {
  let api: ApiHome;
  beforeEach(async () => {
    api = await ApiHome.start();
  });
  afterEach(async () => {
    await api.stop();
    if (api.taken.length > 0) throw new Error('something was changed');
  });

  test.each(routes)('%s %s takes the scope %s, or that of an admin', async (method, path, needed, status) => {
    const body = method === 'GET' || method === 'DELETE' ? undefined : {};
    for (const scope of adminScopes) {
      const answer = await api.ask(method, path, { token: scope, body });
      const isLetIn = scope === needed || scope === 'apim:admin';
      expect([scope, answer.status]).toEqual([scope, isLetIn ? status : 403]);
      expect([scope, answer.body.message === 'Forbidden']).toEqual([scope, !isLetIn]);
    }
  });

  test.each(routes)(
    '%s %s is closed without a token, with a wrong one, and while there are none',
    async (method, path) => {
      const body = method === 'GET' || method === 'DELETE' ? undefined : {};
      const wrong = [
        { Authorization: '' },
        { Authorization: 'Basic YTpi' },
        { Authorization: 'Bearer apim:admi' },
      ];
      for (const headers of wrong) {
        const answer = await api.ask(method, path, { headers, body });
        expect([answer.status, answer.body.code]).toEqual([401, 401]);
        expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="sluice"');
      }
      api.tokens = undefined;
      const off = await api.ask(method, path, { body });
      expect([off.status, off.body.description]).toEqual([404, expect.stringContaining('tokens_file')]);
      api.tokens = [];
      expect((await api.ask(method, path, { body })).status).toBe(401);
    },
  );

  test('a digest is no token', async () => {
    const headers = { Authorization: `Bearer ${api.tokens![0]!.sha256}` };
    expect((await api.ask('GET', '/throttling/policies/search', { headers })).status).toBe(401);
  });

  test('an address that shows wrong tokens is not listened to for the rest of the minute', async () => {
    const statusOf = async (token: string): Promise<number> =>
      (await api.ask('GET', '/throttling/policies/search', { token })).status;
    for (let tried = 0; tried < 20; tried += 1) expect(await statusOf(`guess-${tried}`)).toBe(401);
    const late = await api.ask('GET', '/throttling/policies/search', { token: 'apim:admin' });
    expect([late.status, late.headers.get('retry-after')]).toEqual([429, '60']);
    await api.clock.advance(59_999);
    expect(await statusOf('apim:admin')).toBe(429);
    await api.clock.advance(1);
    expect(await statusOf('apim:admin')).toBe(200);
  });

  test('methods, media types and lengths that nothing here takes are told', async () => {
    const all = '/throttling/policies/application';
    const other = await api.ask('PUT', all, { body: {} });
    expect([other.status, other.headers.get('allow')]).toEqual([405, 'GET, POST']);
    expect((await api.ask('POST', '/throttling/deny-policy/x', { body: {} })).status).toBe(405);
    expect((await api.ask('GET', '/throttling/moon')).status).toBe(404);
    expect((await api.ask('GET', all, { headers: { Accept: 'text/html' } })).status).toBe(406);
    expect((await api.ask('GET', all, { headers: { Accept: 'application/json;q=0' } })).status).toBe(406);
    for (const Accept of ['*/*', 'application/*;q=0.1', 'text/html, application/json'])
      expect((await api.ask('GET', all, { headers: { Accept } })).status).toBe(200);
    const asText = { headers: { 'Content-Type': 'text/plain' }, raw: '{}' };
    expect((await api.ask('POST', all, asText)).status).toBe(415);
    expect((await api.ask('POST', '/throttling/policies/import', asText)).status).toBe(415);
    expect((await api.ask('HEAD', all)).status).toBe(200);
  });

  test.each([
    ['no JSON', '{', 400],
    ['a list', '[]', 400],
    ['nothing', '', 400],
    ['what is nested too deeply', '{"a":'.repeat(1000) + '1' + '}'.repeat(1000), 400],
    ['bytes that are no text', new Uint8Array([0x22, 0xff, 0x22]), 400],
    ['more than a file may hold', `{"a":"${'x'.repeat(1024 * 1024)}"}`, 413],
  ])('a body that is %s is refused', async (_, raw, status) => {
    const headers = { 'Content-Type': 'application/json' };
    const answer = await api.ask('POST', '/throttling/policies/application', { headers, raw });
    expect(answer.status).toBe(status);
  });

  test('a body without a stated length is bounded too', async () => {
    const piece = new Uint8Array(64 * 1024).fill(0x20);
    let sent = 0;
    const raw = new ReadableStream({
      pull(controller) {
        sent += 1;
        if (sent > 1000) controller.close();
        else controller.enqueue(piece);
      },
    });
    const headers = { 'Content-Type': 'application/json' };
    const asked = api.ask('POST', '/throttling/policies/application', { headers, raw });
    // The gateway answers and closes; a client that still sends may see either.
    const status = await asked.then(
      (answer) => answer.status,
      () => 413,
    );
    expect(status).toBe(413);
    expect(sent).toBeLessThan(1000);
  });

  test.each([
    ['no host', 'GET /api/am/admin/v4/throttling/policies/search HTTP/1.0\r\n\r\n'],
    [
      'a host that is none',
      'GET /api/am/admin/v4/throttling/policies/search HTTP/1.1\r\nHost: a b/@:x\r\n\r\n',
    ],
    ['escapes that are none', 'GET /api/%zz/%?query=%zz HTTP/1.1\r\nHost: x\r\n\r\n'],
    [
      'an id of escapes that are none',
      `GET /api/am/admin/v4/throttling/policies/custom/%E0%A4%A HTTP/1.1\r\nHost: x\r\n${admin}\r\n\r\n`,
    ],
    [
      'a method nobody knows',
      `PROPFIND /api/am/admin/v4/throttling/policies/custom HTTP/1.1\r\nHost: x\r\n${admin}\r\n\r\n`,
    ],
    [
      'a body that ends early',
      `POST /api/am/admin/v4/throttling/policies/custom HTTP/1.1\r\nHost: x\r\n${admin}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
    ],
    ['TRACE', `TRACE /api/am/admin/v4/throttling/policies/custom HTTP/1.1\r\nHost: x\r\n${admin}\r\n\r\n`],
    ['a path of slashes', `GET /api//////../../x HTTP/1.1\r\nHost: x\r\n${admin}\r\n\r\n`],
  ])('a request with %s harms nobody', async (_, text) => {
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
    let said = '';
    socket.setEncoding('latin1').on('data', (piece: string) => (said += piece));
    socket.on('error', () => {});
    socket.end(text);
    await once(socket, 'close');
    expect(said).not.toMatch(/^HTTP\/1\.1 [235]/);
    expect((await api.ask('GET', '/throttling/policies/search')).status).toBe(200);
  });

  test('what an operator looks at stays where it was', async () => {
    for (const path of ['/healthz', '/readyz', '/metrics'])
      expect((await fetch(`${api.url}${path}`)).status).toBe(200);
  });
});
