import { expect, test } from 'vitest';
import { didYouMean, nearestName, quote } from './nearest-name.ts';

test.each([
  ['http_prot', ['host', 'http_port'], 'http_port'],
  ['gold', ['Gold', 'Bronze'], 'Gold'],
  ['Golden', ['Gold', 'Bronze'], 'Gold'],
  ['x', ['host', 'http_port'], undefined],
  ['ho', ['host'], undefined],
  ['h'.repeat(200), ['h'.repeat(201)], undefined],
])('the name nearest to %s among %j is %s', (name, known, nearest) => {
  expect(nearestName(name, known)).toBe(nearest);
});

test('the hint is the nearest name, else all names if they are few, else nothing', () => {
  expect(didYouMean('Golf', ['Gold', 'Bronze'])).toBe('Did you mean "Gold"?');
  expect(didYouMean('Platinum', ['Gold', 'Bronze'])).toBe('Known: "Gold", "Bronze".');
  expect(didYouMean('Platinum', [])).toBeUndefined();
  expect(didYouMean('Platinum', 'abcdefghi'.split(''))).toBeUndefined();
});

test('quoted text is one short line, whatever it holds', () => {
  expect(quote('a\n\u001b[31mb')).toBe(String.raw`"a\n\u001b[31mb"`);
  expect(quote('x'.repeat(1000))).toHaveLength(82);
});
