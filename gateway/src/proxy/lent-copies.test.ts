import { expect, test } from 'vitest';
import { LentCopies } from './lent-copies.ts';

test('a copy stays as it was until it is given back, and then its memory is used again', () => {
  const copies = new LentCopies();
  const bytes = Buffer.from('first');
  const first = copies.copy(bytes);
  bytes.write('other');
  const second = copies.copy(bytes);
  expect([String(first.copy), String(second.copy)]).toEqual(['first', 'other']);
  first.giveBack?.();
  expect(copies.copy(bytes).copy.buffer).toBe(first.copy.buffer);
  expect(String(second.copy)).toBe('other');
});

test('however many copies are out, and however large they are, each is its own', () => {
  const copies = new LentCopies();
  const out = Array.from({ length: 100 }, (_, at) => copies.copy(Buffer.alloc(64 * 1024, at)).copy);
  const large = copies.copy(Buffer.alloc(64 * 1024 + 1, 7));
  expect(large.copy.equals(Buffer.alloc(64 * 1024 + 1, 7))).toBe(true);
  expect(new Set(out.map(({ buffer }) => buffer)).size).toBe(100);
  expect(out.every((copy, at) => copy[0] === at && copy.at(-1) === at)).toBe(true);
});
