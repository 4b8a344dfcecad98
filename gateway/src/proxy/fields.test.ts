import { describe, expect, test } from 'vitest';
import { activityId } from './activity-id.ts';
import { fieldValues, NameSieve } from './fields.ts';

describe('the values of a field', () => {
  test('come in order, in whatever case the name was written', () => {
    const fields = ['X-A', '1', 'x-b', 'x-a', 'x-a', '2', 'X-AB', '3'];
    expect(fieldValues(fields, 'x-a')).toEqual(['1', '2']);
    expect(fieldValues(fields, 'x-c')).toEqual([]);
  });
});

describe('the sieve of names', () => {
  const names = ['te', 'host', 'x-real-ip', 'proxy-authenticate', 'a'.repeat(40)];
  const sieve = new NameSieve(names, ['x-forwarded-']);

  test('lets every name through that it was made of, in any case', () => {
    const longer = ['x-forwarded-for', `x-forwarded-${'y'.repeat(40)}`];
    for (const name of [...names, ...longer]) {
      expect([name, name.toUpperCase()].map((written) => sieve.passes(written))).toEqual([true, true]);
    }
  });

  test('keeps most others back', () => {
    const others = ['', 'accept', 'user-agent', 'cookie', 'x-a', 'to', 'hosts', '%ost'];
    expect(others.filter((name) => sieve.passes(name))).toEqual(['to']);
  });
});

describe('the activity id', () => {
  test('is taken over when it can stand in any log', () => {
    expect(activityId(['ActivityID', 'a-B_9.z'])).toBe('a-B_9.z');
    expect(activityId(['activityid', 'x'.repeat(64)])).toBe('x'.repeat(64));
  });

  test.each([[[]], [['']], [['x'.repeat(65)]], [['a b']], [['a\u0085b']], [['a"b']], [['a', 'b']]])(
    'is made when the client gives %j',
    (values) => {
      const fields = values.flatMap((value) => ['activityid', value]);
      expect(activityId(fields)).toMatch(/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/);
      expect(activityId(fields)).not.toBe(activityId(fields));
    },
  );
});
