import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../test/support/random.ts';
import { ipNumber } from './ip-number.ts';
import { IpRanges, outside, type IpRange } from './ip-ranges.ts';

function range(from: string, to = from): IpRange {
  return { from: ipNumber(from), to: ipNumber(to) };
}

describe('a set of addresses', () => {
  test('holds both ends of its ranges, and nothing beside them', () => {
    const ranges = new IpRanges([
      range('10.0.0.9', '10.0.0.20'),
      range('10.0.0.1'),
      range('2001:db8::1', '2001:db8::9'),
    ]);
    const has = (address: string): boolean => ranges.has(ipNumber(address));
    expect(['10.0.0.1', '10.0.0.9', '10.0.0.20', '2001:db8::1', '2001:db8::9'].every(has)).toBe(true);
    expect(
      ['10.0.0.0', '10.0.0.2', '10.0.0.8', '10.0.0.21', '2001:db8::', '2001:db8::a', '::a00:1'].some(has),
    ).toBe(false);
    expect(new IpRanges([]).has(0)).toBe(false);
  });

  test('one range that holds others hides none of them', () => {
    const ranges = new IpRanges([
      range('10.0.0.5'),
      range('10.0.0.0', '10.0.0.99'),
      range('10.0.0.7', '10.0.0.9'),
    ]);
    expect(ranges.has(ipNumber('10.0.0.50'))).toBe(true);
    expect(ranges.has(ipNumber('10.0.0.100'))).toBe(false);
  });

  test.each([
    ['10.0.0.7', '10.0.0.9'],
    ['0.0.0.0', '10.0.0.9'],
    ['0.0.0.0', '255.255.255.255'],
    ['::', '2001:db8::9'],
    ['2001:db8::1', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ])('what is outside of %s to %s is everything else, of both families', (from, to) => {
    const inside = new IpRanges([range(from, to)]);
    const others = new IpRanges(outside(range(from, to)));
    for (const address of [
      '0.0.0.0',
      '10.0.0.7',
      '10.0.0.9',
      '255.255.255.255',
      '::',
      '2001:db8::1',
      '::1',
      from,
      to,
    ]) {
      expect(others.has(ipNumber(address)), address).toBe(!inside.has(ipNumber(address)));
    }
  });

  test('finds what a look at every range finds', () => {
    const random = seededRandom();
    const found = { in: 0, out: 0 };
    const whole = (below: number): number => random.below(Math.max(1, below));
    for (let round = 0; round < 300; round += 1) {
      const space = [20, 1000, 2 ** 32][round % 3] ?? 20;
      const family = (value: number): number | bigint =>
        round % 2 === 0 ? value : (BigInt(value) << 90n) + 5n;
      const ranges = Array.from({ length: whole(40) }, () => {
        const from = whole(space);
        return { from: family(from), to: family(Math.min(space - 1, from + whole(space / 10))) };
      });
      const set = new IpRanges(ranges);
      for (let ask = 0; ask < 200; ask += 1) {
        const edge = ranges[whole(ranges.length)];
        const address =
          ask % 2 === 0 || edge === undefined
            ? family(whole(space))
            : random.chance(0.5)
              ? edge.from
              : edge.to;
        const isIn = ranges.some(({ from, to }) => address >= from && address <= to);
        found[isIn ? 'in' : 'out'] += 1;
        expect(set.has(address), `seed ${random.seed}, round ${round}, ${address}`).toBe(isIn);
      }
    }
    expect(Math.min(found.in, found.out)).toBeGreaterThan(1000);
  });
});
