import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RequestHead } from './exchange.ts';
import { causes, isRefusal } from './refusal.ts';
import { canonicalPath, readTarget } from './target.ts';

function head(target: string, ...hosts: readonly string[]): RequestHead {
  const fields = hosts.flatMap((host) => ['Host', host]);
  return { method: 'GET', target, fields, bodyBytes: 0, peer: '192.0.2.1', flaw: undefined };
}

function read(target: string, ...hosts: readonly string[]) {
  const given = readTarget(head(target, ...(hosts.length === 0 ? ['example.org'] : hosts)));
  return isRefusal(given) ? given.cause : given;
}

describe('a target', () => {
  test.each([
    ['/', '/', ''],
    ['/orders/1.0.0/items', '/orders/1.0.0/items', ''],
    ['/orders/1.0.0/items/', '/orders/1.0.0/items/', ''],
    ['/%6Frders/%7Ejoe/%41%2d%2E5', '/orders/~joe/A-.5', ''],
    ['/a%2fb'.replace('2f', '3a'), '/a%3Ab', ''],
    ['/caf%c3%a9', '/caf%C3%A9', ''],
    ['/a{b}|c^d"<e>`[f]', '/a%7Bb%7D%7Cc%5Ed%22%3Ce%3E%60%5Bf%5D', ''],
    ['/a%7bb%7D', '/a%7Bb%7D', ''],
    ['/a%252Fb', '/a%252Fb', ''],
    ["/a;v=1/b,c=(d)!$&'*+@:", "/a;v=1/b,c=(d)!$&'*+@:", ''],
    ['/.well-known/..x/...', '/.well-known/..x/...', ''],
    ['/a?x=%2f..//&y=a\\b|{}?', '/a', '?x=%2f..//&y=a\\b|{}?'],
    ['/a?', '/a', '?'],
    ['http://example.org/a', '/a', ''],
    ['HTTPS://EXAMPLE.org', '/', ''],
    ['http://example.org?x=1', '/', '?x=1'],
  ])('%s goes by %s', (written, path, query) => {
    expect(read(written)).toEqual({ path, query, authority: 'example.org' });
  });

  test.each([
    '',
    '*',
    'orders',
    'example.org:443',
    '//orders',
    '/orders//items',
    '/orders/./items',
    '/orders/../items',
    '/orders/..',
    '/orders/%2e%2E/items',
    '/orders/.%2e',
    '/orders/..;/items',
    '/orders/..%3b/items',
    '/a%2fb',
    '/a%2Fb',
    '/a%5cb',
    '/a%5Cb',
    '/a\\b',
    '/a%00b',
    '/a b',
    '/a\tb',
    '/a\u0000b',
    '/a\u007fb',
    '/caf\u00e9',
    '/a#b',
    '/a?b#c',
    '/a?b c',
    '/a?caf\u00e9',
    '/a%',
    '/a%4',
    '/a%zz',
    'ftp://example.org/a',
    'http:/example.org/a',
    'http://example.org\\a',
    'http://example.org#a',
  ])('%j is refused', (written) => {
    expect(read(written)).toBe(causes.badTarget);
  });

  test('one that names another host than the Host field is refused', () => {
    expect(read('http://other.org/a')).toBe(causes.badHost);
    expect(read('http://user@example.org/a')).toBe(causes.badHost);
    expect(read('http://example.org:80/a')).toBe(causes.badHost);
    expect(read('http:///a')).toBe(causes.badHost);
  });

  test('without exactly one good Host field it is refused', () => {
    expect(readTarget(head('/a'))).toEqual({ cause: causes.badHost });
    for (const hosts of [
      ['a', 'b'],
      ['a', 'a'],
      [''],
      ['a b'],
      ['a/b'],
      ['a,b'],
      ['u@a'],
      ['a:x'],
      ['[::1'],
      ['a:1:2'],
    ]) {
      expect(read('/a', ...hosts), hosts.join(' and ')).toBe(causes.badHost);
    }
    for (const host of ['a', 'A.b-c_d.:80', '127.0.0.1:8280', '[::1]', '[::1]:8280']) {
      expect(read('/a', host)).toMatchObject({ authority: host });
    }
  });

  test('of more than 8 KiB is refused as too long', () => {
    expect(read(`/${'a'.repeat(8191)}`)).toHaveProperty('path');
    expect(read(`/${'a'.repeat(8192)}`)).toBe(causes.longTarget);
  });
});

const pathCharacter = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(..."abzAZ09-._~!$&'()*+,;=:@/".split('')) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '%41',
      '%2e',
      '%2E',
      '%2f',
      '%5C',
      '%25',
      '%7b',
      '{',
      '|',
      '%c3',
      '%00',
      '%3B',
    ),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 2 }) },
);
const anyPath = fc.array(pathCharacter, { maxLength: 20 }).map((parts) => `/${parts.join('')}`);

/** Spells a path anew: escapes what needs no escape, changes the case of escapes. */
const respelled = (path: string, escape: readonly boolean[]): string =>
  path.replace(/%..|[\w.~-]/g, (found, at: number) => {
    if (escape[at % escape.length] !== true) return found;
    return found.startsWith('%') ? found.toLowerCase() : `%${found.charCodeAt(0).toString(16)}`;
  });

describe('the canonical form of a path', () => {
  test('is its own canonical form and never holds what is refused', () => {
    fc.assert(
      fc.property(anyPath, (written) => {
        const path = canonicalPath(written);
        if (path === undefined) return;
        expect(canonicalPath(path)).toBe(path);
        expect(path).toMatch(/^\/[\w.~!$&'()*+,;=:@/%-]*$/);
        expect(path).not.toMatch(/\/\/|%2F|%5C|%00|%(?![\dA-F]{2})|[\\#?]/i);
        expect(path.split('/')).not.toContain('.');
        expect(path.split('/')).not.toContain('..');
      }),
      { numRuns: 5000 },
    );
  });

  test('is the same for every spelling of a path', () => {
    let compared = 0;
    fc.assert(
      fc.property(anyPath, fc.array(fc.boolean(), { minLength: 1 }), (written, escape) => {
        const path = canonicalPath(written);
        if (path === undefined) return;
        const other = respelled(path, escape);
        if (other !== path) compared += 1;
        expect(canonicalPath(other), other).toBe(path);
      }),
      { numRuns: 5000 },
    );
    expect(compared).toBeGreaterThan(500);
  });
});
