import { createHash } from 'node:crypto';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { goodClaims, hmacToken, issuerName, issuerOf, signingInput } from '../support/signer.ts';
import { echoed } from './running-gateway.ts';
import {
  close,
  makeSigners,
  openKeys,
  signer,
  stranger,
  keys,
  gateway,
  charged,
  start,
  ask,
  items,
  bearer,
  counters,
} from './token-gateway.ts';

beforeAll(makeSigners);
beforeEach(openKeys);
afterEach(close);

describe('a good token', () => {
  test('leads to the application of its consumer key, its key type and its user', async () => {
    await start();
    const answer = await ask(items, bearer(signer.token()));
    expect(answer).toContain('"url":"/v1/production/items"');
    expect(counters()).toContain('application@60000:alice/MobileApp:carol');
    expect(counters()).toContain('subscription@60000:alice/MobileApp:/orders:1.0.0:Gold');
    expect(await ask(items, bearer(signer.token({ azp: 'mobile-sandbox' })))).toContain('/v1/sandbox/items');
  });

  test('is verified once, however often it is shown', async () => {
    await start();
    const token = signer.token();
    expect(await ask(items, bearer(token))).toMatch(/^HTTP\/1.1 200 /);
    keys.answer = () => 'gone';
    const again = await Promise.all(Array.from({ length: 20 }, () => ask(items, bearer(token))));
    expect(again.every((answer) => answer.startsWith('HTTP/1.1 200 '))).toBe(true);
    expect(keys.fetches).toBe(1);
    expect(new Set(charged.map((charges) => charges)).size).toBe(1);
  });

  test.each([false, true])('reaches the backend only where that is asked for: %s', async (forwarded) => {
    await start({ forwarded });
    const answer = await ask(items, bearer(signer.token()));
    const told = echoed(answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1));
    expect('authorization' in told.fields).toBe(forwarded);
  });

  test('of the application itself counts for its owner', async () => {
    await start();
    await ask(items, bearer(signer.token({ aut: 'APPLICATION', sub: 'whatever' })));
    expect(counters()).toContain('application@60000:alice/MobileApp:alice');
  });

  test('decides before an API key, and a bad one is not made good by a key', async () => {
    await start();
    await ask(items, bearer(signer.token()), 'ApiKey: opaque');
    expect(counters()).toContain('application@60000:alice/MobileApp:carol');
    const answer = await ask(items, bearer(stranger.token()), 'ApiKey: opaque');
    expect(answer).toMatch(/^HTTP\/1.1 401 [^]*"code":"900901"/);
    expect(await ask(items, 'Authorization: Basic YTpi', 'ApiKey: opaque')).toMatch(/^HTTP\/1.1 200 /);
  });

  test('needs one of the scopes of its operation', async () => {
    await start();
    expect(await ask(`POST ${items}`, bearer(signer.token({ scope: 'a orders_admin' })))).toMatch(
      /^HTTP\/1.1 200 /,
    );
    expect(await ask(`POST ${items}`, bearer(signer.token({ scope: ['orders_write'] })))).toMatch(
      /^HTTP\/1.1 200 /,
    );
    const answer = await ask(`POST ${items}`, bearer(signer.token({ scope: 'orders_write2' })));
    expect(answer).toMatch(/^HTTP\/1.1 403 [^]*"code":"900910"/);
    expect(answer).toContain(
      'WWW-Authenticate: Bearer realm="sluice", error="insufficient_scope", scope="orders_write orders_admin"\r\n',
    );
  });

  test('must stand for a user where the operation asks for one', async () => {
    await start();
    expect(await ask('/orders/1.0.0/users', bearer(signer.token()))).toMatch(/^HTTP\/1.1 200 /);
    const own = signer.token({ aut: 'APPLICATION' });
    expect(await ask('/orders/1.0.0/users', bearer(own))).toMatch(/^HTTP\/1.1 401 [^]*"code":"900905"/);
  });

  test('is refused once it is taken back, by its digest or its id', async () => {
    const token = signer.token();
    const named = signer.token({ jti: 'one-of-many' });
    await start({
      revoked: [
        { by: 'sha256', value: createHash('sha256').update(token).digest('hex') },
        { by: 'jti', value: 'one-of-many' },
      ],
    });
    for (const one of [token, named]) {
      expect(await ask(items, bearer(one))).toMatch(/^HTTP\/1.1 401 [^]*"code":"900901"/);
      expect(await ask(items, bearer(one))).toMatch(/^HTTP\/1.1 401 [^]*"code":"900901"/);
    }
    expect(await ask(items, bearer(signer.token()))).toMatch(/^HTTP\/1.1 200 /);
  });
});

test('without any credential the answer says what could be shown', async () => {
  await start();
  const answer = await ask(items);
  expect(answer).toMatch(/^HTTP\/1.1 401 [^]*"code":"900902"/);
  expect(answer).toContain('WWW-Authenticate: Bearer realm="sluice", ApiKey realm="sluice"\r\n');
});

describe('an attack', () => {
  const now = Math.floor(Date.now() / 1000);
  const changed = (token: string, part: number, to: string): string =>
    token.split('.').with(part, to).join('.');
  const unsigned = (alg: string): string => `${signingInput({ alg, typ: 'JWT' }, goodClaims())}.`;
  const signed = (alg: string): string => changed(signer.token({}, { alg }), 2, 'AAAA');
  const attacks: Readonly<Record<string, () => readonly string[]>> = {
    'alg none': () => [bearer(unsigned('none'))],
    'alg None': () => [bearer(unsigned('None'))],
    'alg NONE': () => [bearer(unsigned('NONE'))],
    'alg nOnE with a signature': () => [bearer(signed('nOnE'))],
    'alg none in a signed token': () => [bearer(signer.token({}, { alg: 'none' }))],
    'no alg': () => [bearer(signer.token({}, { alg: undefined }))],
    'alg as a list': () => [bearer(signer.token({}, { alg: ['RS256'] }))],
    'HS256 with the public key as the secret': () => [bearer(hmacToken(signer.pem))],
    'HS256 with the public key and its kid': () => [bearer(hmacToken(signer.pem, { kid: 'key-1' }))],
    'HS256 with the JWK as the secret': () => [
      bearer(hmacToken(JSON.stringify(signer.jwk), { kid: 'key-1' })),
    ],
    'another algorithm of the same key': () => [bearer(signer.token({}, { alg: 'PS256' }))],
    'a kid that is a path': () => [bearer(stranger.token({}, { kid: '../../../../dev/null' }))],
    'a kid that is SQL': () => [bearer(stranger.token({}, { kid: "x' UNION SELECT 'secret'; --" }))],
    'a kid that is a URL': () => [bearer(stranger.token({}, { kid: 'http://127.0.0.1/jwks' }))],
    'a kid that is no text': () => [bearer(signer.token({}, { kid: { $gt: '' } }))],
    'a kid of the prototype': () => [bearer(stranger.token({}, { kid: '__proto__' }))],
    'a strange key under the same kid': () => [bearer(stranger.token())],
    'no kid and a strange key': () => [bearer(stranger.token({}, { kid: undefined }))],
    jku: () => [bearer(stranger.token({}, { jku: keys.url, kid: 'evil' }))],
    x5u: () => [bearer(stranger.token({}, { x5u: keys.url }))],
    'an embedded key': () => [bearer(stranger.token({}, { jwk: stranger.jwk }))],
    'an embedded certificate': () => [bearer(stranger.token({}, { x5c: ['MIIB'] }))],
    'crit for what nobody knows': () => [bearer(signer.token({}, { crit: ['exp'] }))],
    'an unencoded payload': () => [bearer(signer.token({}, { b64: false, crit: ['b64'] }))],
    oversized: () => [bearer(signer.token({ pad: 'x'.repeat(7600) }))],
    expired: () => [bearer(signer.token({ exp: now - 60 }))],
    'without an end': () => [bearer(signer.token({ exp: undefined }))],
    'with an end that is a text': () => [bearer(signer.token({ exp: String(now + 300) }))],
    'not yet valid': () => [bearer(signer.token({ nbf: now + 60 }))],
    'of another issuer': () => [bearer(signer.token({ iss: `${issuerName}/` }))],
    'of no issuer': () => [bearer(signer.token({ iss: undefined }))],
    'of an issuer that is a list': () => [bearer(signer.token({ iss: [issuerName] }))],
    'for another audience': () => [bearer(signer.token({ aud: 'other' }))],
    'an API key as a token': () => [bearer(signer.apiKey({ application: { id: 1, tier: 'Unlimited' } }))],
    'a token as an API key': () => [`ApiKey: ${signer.token()}`],
    'a key for tests': () => [bearer(signer.token({ token_type: 'InternalKey' }))],
    'another typ': () => [bearer(signer.token({}, { typ: 'logout+jwt' }))],
    'a subject that has two spellings': () => [bearer(signer.token({ sub: 'x\ud800' }))],
    'cut off': () => [bearer(signer.token().slice(0, -1))],
    'without its signature': () => [bearer(signer.token().split('.').slice(0, 2).join('.'))],
    'with an empty signature': () => [bearer(changed(signer.token(), 2, ''))],
    'with other claims': () => [
      bearer(changed(signer.token(), 1, signingInput({}, { ...goodClaims(), sub: 'root' }).split('.')[1]!)),
    ],
    'with a fourth part': () => [bearer(`${signer.token()}.x`)],
    'with white space': () => [bearer(signer.token().replace('.', '. '))],
    'with padding': () => [bearer(`${signer.token()}==`)],
    'alg twice in the header': () => [
      bearer(
        changed(
          signer.token(),
          0,
          Buffer.from('{"alg":"none","alg":"RS256","kid":"key-1"}').toString('base64url'),
        ),
      ),
    ],
    'two Authorization headers': () => [bearer(signer.token()), bearer(signer.token())],
    'the same Authorization header twice': () => {
      const field = bearer(signer.token());
      return [field, field];
    },
    'an encrypted token': () => [bearer(`${signingInput({ alg: 'RSA-OAEP', enc: 'A256GCM' }, {})}.AA.AA.AA`)],
    'no token at all': () => [bearer('x')],
    'JSON that is no object': () => [
      bearer(['[]', '1', '1'].map((part) => Buffer.from(part).toString('base64url')).join('.')),
    ],
  };

  test.each(Object.keys(attacks))('%s is refused and counted nowhere', async (name) => {
    await start({
      issuers: [issuerOf({ jwksUrl: keys.url, audiences: name.includes('audience') ? ['mine'] : [] })],
    });
    const answer = await ask(items, ...attacks[name]!());
    expect(answer).toMatch(/^HTTP\/1.1 401 [^]*\r\nWWW-Authenticate: [^\r]+[^]*"code":"900901"/);
    const challenge = name.includes('as an API key')
      ? 'ApiKey realm="sluice"'
      : 'Bearer realm="sluice", error="invalid_token"';
    expect(answer).toContain(`WWW-Authenticate: ${challenge}\r\n`);
    expect(charged).toEqual([]);
    expect(gateway.seen).toEqual([]);
  });
});
