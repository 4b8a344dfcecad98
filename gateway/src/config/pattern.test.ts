import { describe, expect, test } from 'vitest';
import { checkedPattern, compilePattern } from './pattern.ts';

describe('a regular expression', () => {
  test.each<[string, string, boolean]>([
    ['okhttp', 'an okhttp/3', true],
    ['^okhttp', 'an okhttp/3', false],
    ['3$', 'okhttp/3', true],
    ['^$', '', true],
    ['^$', 'x', false],
    ['', 'x', true],
    ['1.2', '1x2', true],
    ['1\\.2', '1x2', false],
    ['a{2,3}', 'baab', true],
    ['[^a-c]', 'abc', false],
    ['[]a]', ']', true],
    ['[^]a]', 'a]', false],
    ['[[:alpha:]]+[0-9]', '--ab1', true],
    ['\\[x', '[x', true],
    ['\\Q[[\\E', 'a[[b', true],
    ['(?<name>x)y', 'xy', true],
    ['\\bpro\\b', 'a pro user', true],
    ['\\d{3}', 'ab123', true],
  ])('%j in %j: %s, as in Java', (source, text, found) => {
    expect(checkedPattern(source).test(text)).toBe(found);
  });

  test.each<[string, RegExp]>([
    ['a(?=b)', /unsupported/],
    ['a(?!b)', /unsupported/],
    ['(?<=a)b', /linear/],
    ['(?<!a)b', /linear/],
    ['(a)\\1', /\\1/],
    ['a++', /\+\+/],
    ['(?>a)', /unsupported/],
    ['(', /missing closing/],
    ['[a-z&&[^bc]]', /"&&" in a class/],
    ['[a[bc]]', /"\[" in a class/],
    ['\\p{Lower}', /./],
    ['a{1001}', /repeat/],
    ['(a{20}){40}b', /steps/],
    ['a'.repeat(1001), /1000 characters/],
    ['(?x) a b', /./],
  ])('%s is refused, and it is said why', (source, reason) => {
    expect(compilePattern(source)).toMatch(reason);
  });

  test('takes time in proportion to what it looks at, also where backtracking never ends', () => {
    const pattern = checkedPattern('^(a+)+$');
    const text = `${'a'.repeat(16_000)}b`;
    expect(pattern.test(text)).toBe(false);
  });
});
