import { describe, expect, test } from 'vitest';
import { KnownMembers, membersMax } from './known-members.ts';

describe('the known members', () => {
  test('a majority is more than half of those that belong to the cluster', () => {
    const known = new KnownMembers('a', ['a', 'b', 'c', 'd']);
    expect(known.isMajority(['a', 'b'])).toBe(false);
    expect(known.isMajority(['a', 'b', 'x'])).toBe(false);
    expect(known.isMajority(['a', 'b', 'c'])).toBe(true);
    known.leave('d');
    expect(known.isMajority(['a', 'b'])).toBe(true);
  });

  test('the newer word is believed, and of two as new that somebody is there', () => {
    const one = new KnownMembers('a', ['b']);
    const other = new KnownMembers('b', ['a']);
    one.join('c');
    one.leave('c');
    other.join('c');
    other.hear(one.all);
    expect(other.addresses).toEqual(['b', 'a']);
    one.hear([{ address: 'c', version: 1, left: false }]);
    expect(one.addresses).toEqual(['a', 'b', 'c']);
  });

  test('whoever hears that it left, and lives, comes back', () => {
    const known = new KnownMembers('a', ['b']);
    known.hear([{ address: 'a', version: 7, left: true }]);
    expect(known.all.find(({ address }) => address === 'a')).toEqual({
      address: 'a',
      version: 8,
      left: false,
    });
  });

  test('is bounded: new places take those of members that left, never of members that belong', () => {
    const known = new KnownMembers('a', []);
    for (let place = 0; place < 2 * membersMax; place += 1) {
      known.join(`x${place}`);
      known.leave(`x${place}`);
    }
    expect(known.all.length).toBe(membersMax);
    expect(known.addresses).toEqual(['a']);
    for (let place = 0; place < 2 * membersMax; place += 1) known.join(`y${place}`);
    expect(known.addresses.length).toBe(membersMax);
  });

  test('whoever is missing for a minute is struck off, and belongs again when it joins', () => {
    const known = new KnownMembers('a', ['b', 'c']);
    known.strikeOff(['b'], 0);
    known.strikeOff(['b', 'c'], 50_000);
    known.strikeOff(['b'], 60_000);
    known.strikeOff(['b'], 119_000);
    expect(known.addresses).toEqual(['a', 'b', 'c']);
    known.strikeOff(['b'], 121_000);
    expect(known.addresses).toEqual(['a', 'b']);
    known.join('c');
    expect(known.addresses).toEqual(['a', 'b', 'c']);
  });
});
