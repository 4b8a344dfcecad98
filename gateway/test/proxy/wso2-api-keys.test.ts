import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  bearer,
  charged,
  close,
  counters,
  get,
  items,
  makeSigners,
  ok,
  other,
  own,
  selfContained,
  signer,
  start,
} from './application-gateway.ts';
import { echoed } from './running-gateway.ts';

beforeAll(makeSigners);
afterEach(close);

describe("WSO2's API key", () => {
  const key = (more: object = {}): string =>
    signer.apiKey({ ...selfContained(), azp: undefined, exp: undefined, ...more });

  test('opens what it is subscribed to, though it never ends', async () => {
    await start();
    const answer = await get(`${items}?a=1`, `ApiKey: ${key()}`);
    expect(answer).toContain('"url":"/v1/production/items?a=1"');
    expect(counters()).toContain(`application@60000:${own}:carol`);
  });

  test('needs no audience, which tokens need where their issuer asks for one', async () => {
    await start({ issuer: { audiences: ['mine'] } });
    expect(await get(items, `ApiKey: ${key()}`)).toMatch(ok);
    expect(await get(items, bearer(signer.token(selfContained())))).toMatch(/^HTTP\/1.1 401 /);
    expect(await get(items, bearer(signer.token(selfContained({ aud: ['other', 'mine'] }))))).toMatch(ok);
  });

  test('may be in the query, and the backend does not see it', async () => {
    await start();
    for (const one of [key(), 'opaque']) {
      const answer = await get(`${items}?a=1&apikey=${one}&b=2`);
      expect(answer).toContain('"url":"/v1/production/items?a=1&b=2"');
    }
    expect(await get(`${items}?apikey=opaque`)).toContain('"url":"/v1/production/items"');
    expect(await get(`${items}?apikey=opaque&apikey=opaque`)).toMatch(/^HTTP\/1.1 400 [^]*"code":"908004"/);
    expect(await get(`${items}?apikey=wrong`)).toMatch(/^HTTP\/1.1 401 [^]*"code":"900901"/);
    expect(await get(`${items}?apikey=%ff`)).toMatch(/^HTTP\/1.1 401 [^]*"code":"900902"/);
    const told = await get(`${items}?apikey=mine`, 'ApiKey: opaque');
    expect(echoed(told.slice(told.indexOf('{'), told.lastIndexOf('}') + 1)).url).toContain('apikey=mine');
  });

  test.each([
    ['permittedIP', '10.0.0.0/8,127.0.0.1', [], 200],
    ['permittedIP', '10.0.0.0/8', ['X-Forwarded-For: 10.0.0.1'], 403],
    ['permittedIP', 'localhost', [], 403],
    ['permittedIP', 17, [], 403],
    ['permittedIP', '', [], 200],
    ['permittedReferer', 'https://shop.example/*', ['Referer: https://shop.example/cart'], 200],
    ['permittedReferer', 'https://*.example/a*c', ['Referer: https://shop.example/abc'], 200],
    [
      'permittedReferer',
      'https://shop.example/*',
      ['Referer: https://evil.example/?https://shop.example/'],
      403,
    ],
    ['permittedReferer', 'https://shop.example/*', [], 403],
  ])('with %s %j and %j is answered %i', async (claim, value, fields, status) => {
    await start();
    const answer = await get(items, `ApiKey: ${key({ [claim]: value })}`, ...fields);
    expect(answer.startsWith(`HTTP/1.1 ${status} `)).toBe(true);
    expect(charged).toHaveLength(status === 200 ? 1 : 0);
  });

  test.each([
    ['that has ended', () => key({ exp: 1_700_000_000 })],
    ['of a strange key', () => other.apiKey({ ...selfContained() })],
    ['with a changed claim', () => key().replace(/\.[^.]+\./, '.e30.')],
    ['for tests', () => key({ token_type: 'InternalKey' })],
  ])('%s is refused', async (_, make) => {
    await start();
    expect(await get(items, `ApiKey: ${make()}`)).toMatch(/^HTTP\/1.1 401 [^]*"code":"900901"/);
    expect(charged).toEqual([]);
  });
});
