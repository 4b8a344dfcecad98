import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { issuerOf, jwksOf, Signer } from '../support/signer.ts';
import { until } from '../support/until.ts';
import {
  close,
  makeSigners,
  openKeys,
  signer,
  stranger,
  keys,
  charged,
  start,
  ask,
  items,
  bearer,
} from './token-gateway.ts';

beforeAll(makeSigners);
beforeEach(openKeys);
afterEach(close);

describe('the keys of an issuer', () => {
  test('are fetched at most twice a minute by a flood of a thousand tokens with unknown keys', async () => {
    await start();
    const answers = await Promise.all(
      Array.from({ length: 1000 }, (_, index) =>
        ask(items, bearer(stranger.token({}, { kid: `kid-${index}` }))),
      ),
    );
    expect(answers.every((answer) => /^HTTP\/1.1 401 [^]*"code":"900901"/.test(answer))).toBe(true);
    expect(keys.fetches).toBeLessThanOrEqual(2);
    expect(charged).toEqual([]);
    expect(await ask(items, bearer(signer.token()))).toMatch(/^HTTP\/1.1 200 /);
  });

  test('that could never be had are no reason to believe a token, nor to call it bad', async () => {
    keys.answer = () => '{"keys": "none"}';
    await start();
    for (let attempt = 0; attempt < 4; attempt += 1) {
      const answer = await ask(items, bearer(signer.token()));
      expect(answer).toMatch(/^HTTP\/1.1 503 [^]*\r\nRetry-After: 30\r\n[^]*"code":"908013"/);
    }
    expect(keys.fetches).toBe(2);
    expect(charged).toEqual([]);
  });

  test.each([
    ['garbage', () => 'not json'],
    ['none', () => '{"keys":[]}'],
    ['secrets', () => '{"keys":[{"kty":"oct","kid":"key-1","k":"c2VjcmV0"}]}'],
    ['too large', () => `{"keys":[],"pad":"${'x'.repeat(300_000)}"}`],
    ['too many', () => JSON.stringify({ keys: Array.from({ length: 101 }, () => signer.jwk) })],
  ])('that are %s change nothing of those that are known', async (_, text) => {
    await start();
    expect(await ask(items, bearer(signer.token()))).toMatch(/^HTTP\/1.1 200 /);
    keys.answer = text;
    expect(await ask(items, bearer(stranger.token({}, { kid: 'key-9' })))).toMatch(/^HTTP\/1.1 401 /);
    expect(keys.fetches).toBe(2);
    expect(await ask(items, bearer(signer.token()))).toMatch(/^HTTP\/1.1 200 /);
  });

  test('that come slowly keep nobody waiting whose key is known', async () => {
    await start();
    expect(await ask(items, bearer(signer.token()))).toMatch(/^HTTP\/1.1 200 /);
    const { promise, resolve } = Promise.withResolvers<string>();
    keys.answer = () => promise;
    const waiting = ask(items, bearer(stranger.token({}, { kid: 'key-9' })));
    await until(() => keys.fetches === 2);
    expect(await ask(items, bearer(signer.token()))).toMatch(/^HTTP\/1.1 200 /);
    resolve(jwksOf(signer));
    expect(await waiting).toMatch(/^HTTP\/1.1 401 /);
  });

  test('may change: a new one is found, an old one that is gone verifies nothing any more', async () => {
    await start();
    const old = signer.token();
    expect(await ask(items, bearer(old))).toMatch(/^HTTP\/1.1 200 /);
    const next = new Signer('key-2');
    keys.answer = () => jwksOf(next);
    expect(await ask(items, bearer(next.token()))).toMatch(/^HTTP\/1.1 200 /);
    expect(await ask(items, bearer(old))).toMatch(/^HTTP\/1.1 401 /);
    expect(await ask(items, bearer(signer.token()))).toMatch(/^HTTP\/1.1 401 /);
    expect(keys.fetches).toBe(2);
  });

  test('may stand in files: a set of keys, or a certificate', async () => {
    await start({
      issuers: [issuerOf({ jwks: jwksOf(signer) }), issuerOf({ name: 'pem', certificates: stranger.pem })],
    });
    expect(await ask(items, bearer(signer.token()))).toMatch(/^HTTP\/1.1 200 /);
    expect(await ask(items, bearer(stranger.token({ iss: 'pem' })))).toMatch(/^HTTP\/1.1 200 /);
    expect(await ask(items, bearer(signer.token({ iss: 'pem' })))).toMatch(/^HTTP\/1.1 401 /);
  });
});
