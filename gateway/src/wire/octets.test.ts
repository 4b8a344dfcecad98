import { expect, test } from 'vitest';
import { isTokenOctet, isValueOctet, naturalNumber, targetEnd, tokenEnd, valueEnd } from './octets.ts';

test('tokens, values and targets consist of what the standards say', () => {
  for (let octet = 0; octet < 256; octet += 1) {
    const character = String.fromCharCode(octet);
    const visible = octet > 0x20 && octet < 0x7f;
    const isToken = visible && !'"(),/:;<=>?@[\\]{}'.includes(character);
    const isValue = visible || octet >= 0x80 || character === ' ' || character === '\t';
    expect(isTokenOctet(octet)).toBe(isToken);
    expect(isValueOctet(octet)).toBe(isValue);
    expect(tokenEnd(`x${character}`, 1)).toBe(isToken ? 2 : 1);
    expect(valueEnd(`x${character}`, 1)).toBe(isValue ? 2 : 1);
    expect(targetEnd(`x${character}`, 1)).toBe(visible ? 2 : 1);
  }
});

test('no place is beyond the text', () => {
  expect(tokenEnd('ab', 2)).toBe(2);
  expect(valueEnd('ab', 5)).toBe(5);
});

test.each([
  ['0', 0],
  ['10', 10],
  ['007', 7],
  ['999999999999999', 999_999_999_999_999],
  ['1000000000000000', undefined],
  ['', undefined],
  ['+1', undefined],
  ['-1', undefined],
  ['1.0', undefined],
  ['1e3', undefined],
  ['0x1', undefined],
  [' 1', undefined],
  ['1 ', undefined],
  ['1,1', undefined],
  ['\u00b2', undefined],
  ['1\0', undefined],
])('the number of %j is %s', (text, number) => {
  expect(naturalNumber(text)).toBe(number);
});
