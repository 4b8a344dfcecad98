import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { headerSubject } from './anonymous.ts';

const subject = (...values: readonly string[]): string => headerSubject(values);

describe('a subject taken from a header', () => {
  test('is the value itself', () => {
    expect(subject('acme')).toBe('acme');
  });

  test('a missing header counts like an empty one', () => {
    expect(subject()).toBe(subject(''));
  });

  test('a repeated header counts like its values in one list', () => {
    expect(subject('a', 'b')).toBe(subject('a, b'));
  });

  test('is bounded, and different values stay different', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), fc.string({ maxLength: 200 }), (one, other) => {
        expect(subject(one).length).toBeLessThan(100);
        expect(subject(one) === subject(other)).toBe(one === other);
      }),
    );
    const long = 'x'.repeat(65);
    expect(subject(long)).toMatch(/^sha256-[\da-f]{64}$/);
    expect(subject(subject(long))).not.toBe(subject(long));
  });
});
