import { describe, expect, test } from 'vitest';
import type { GatewayId } from '../../limits/claim.ts';
import { membersInTouch, type Row } from './view.ts';

/** Rows by what each member hears: `{ a: 'bc' }`. In capitals: who isn't settled. */
function rows(heard: Readonly<Record<string, string>>): ReadonlyMap<GatewayId, Row> {
  return new Map(
    Object.entries(heard).map(([name, hears]): [GatewayId, Row] => [
      name.toLowerCase() as GatewayId,
      {
        number: 1,
        address: name,
        hears: hears.split('') as GatewayId[],
        settled: name === name.toLowerCase(),
      },
    ]),
  );
}

describe('the members that are in touch', () => {
  test.each([
    ['all hear each other', { a: 'bc', b: 'ac', c: 'ab' }, 'abc'],
    ['one is alone', { a: '' }, 'a'],
    ['nobody is there', {}, ''],
    ['one is heard by nobody', { a: 'bc', b: 'a', c: 'a' }, 'ab'],
    ['one hears and isn’t heard', { a: 'b', b: 'a', c: 'ab' }, 'ab'],
    ['two sides', { a: 'b', b: 'a', c: 'de', d: 'ce', e: 'cd' }, 'cde'],
    ['one that comes and knows only one yet', { C: 'd', d: 'ce', e: 'd' }, 'de'],
    ['a chain breaks at its end', { a: 'b', b: 'ac', c: 'bd', d: 'c' }, 'ab'],
  ])('%s', (_, heard, expected) => {
    expect(membersInTouch(rows(heard as Record<string, string>)).join('')).toBe(expected);
  });

  test('are the same whatever the order of the rows', () => {
    const some = rows({ a: 'bd', b: 'acd', c: 'bd', d: 'abc', e: 'd' });
    const turned = new Map([...some].toReversed());
    expect(membersInTouch(turned)).toEqual(membersInTouch(some));
  });
});
