import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ipNumber } from './ip-number.ts';

describe('the number of an address', () => {
  test.each([
    ['0.0.0.0', 0],
    ['10.0.0.7', 167_772_167],
    ['255.255.255.255', 4_294_967_295],
    ['::ffff:10.0.0.7', 167_772_167],
    ['::FFFF:0A00:0007', 167_772_167],
    ['::', 0n],
    ['::1', 1n],
    ['::10.0.0.7', 167_772_167n],
    ['2001:db8::1', 0x20010db8000000000000000000000001n],
    ['fe80::1%eth0', 0xfe800000000000000000000000000001n],
    ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 2n ** 128n - 1n],
  ])('%s', (written, number) => {
    expect(ipNumber(written)).toBe(number);
  });

  test('orders IPv4 as its parts do, however it is spelled', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV4(), (one, other) => {
        const parts = (text: string): string =>
          text
            .split('.')
            .map((part) => part.padStart(3, '0'))
            .join('.');
        expect(ipNumber(one) < ipNumber(other)).toBe(parts(one) < parts(other));
        expect(ipNumber(`::ffff:${one}`)).toBe(ipNumber(one));
      }),
    );
  });
});
