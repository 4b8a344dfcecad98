import { expect, test } from 'vitest';
import { noField, readField } from './fields.ts';

test.each([
  ['A: b', 'A', 'b'],
  ['A:b', 'A', 'b'],
  ['A:', 'A', ''],
  ['A:  \t ', 'A', ''],
  ['A: \t b c\t ', 'A', 'b c'],
  ["!#$%&'*+-.^_`|~0aZ: x", "!#$%&'*+-.^_`|~0aZ", 'x'],
  ['A: b: c', 'A', 'b: c'],
  ['A:: b', 'A', ': b'],
  ['A: \u00e4\u0080\u00ff', 'A', '\u00e4\u0080\u00ff'],
  ['A: \u00a0', 'A', '\u00a0'],
])('%j is a field', (line, name, value) => {
  const fields: string[] = [];
  const text = `before\r\n${line}\r\n\r\n`;
  expect(readField(text, 8, fields)).toBe(8 + line.length + 2);
  expect(fields).toEqual([name, value]);
});

test.each([
  'A',
  ': b',
  'A : b',
  'A\t: b',
  ' A: b',
  '\tA: b',
  'A b: c',
  'A\u00e4: b',
  'A(: b',
  'A: \0',
  'A: b\u0001',
  'A: b\u000b',
  'A: b\u007f',
  'A: b\rC: d',
  'A: b\nC: d',
  'A: b\r',
  'A: b\n',
  '',
])('%j is none', (line) => {
  expect(readField(`${line}\r\n\r\n`, 0, [])).toBe(noField);
});

test('a text without its end is no field', () => {
  for (const text of ['A', 'A:', 'A: b', 'A: b\r', '']) expect(readField(text, 0, [])).toBe(noField);
});
