import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAddress } from './address.ts';

describe('an address', () => {
  test.each([
    ['192.0.2.1', 'ipv4', '192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', 'ipv4', '192.0.2.1', '192.0.2.1'],
    ['::FFFF:C000:0201', 'ipv4', '192.0.2.1', '192.0.2.1'],
    ['0:0:0:0:0:ffff:192.0.2.1', 'ipv4', '192.0.2.1', '192.0.2.1'],
    ['2001:db8::1', 'ipv6', '2001:db8:0:0:0:0:0:1', '2001:db8:0:0::/64'],
    ['2001:0DB8:0000:0000:0000:0000:0000:0001', 'ipv6', '2001:db8:0:0:0:0:0:1', '2001:db8:0:0::/64'],
    ['2001:db8:0:0:ffff::', 'ipv6', '2001:db8:0:0:ffff:0:0:0', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'ipv6', 'fe80:0:0:0:0:0:0:1', 'fe80:0:0:0::/64'],
    ['::', 'ipv6', '0:0:0:0:0:0:0:0', '0:0:0:0::/64'],
    ['64:ff9b::192.0.2.1', 'ipv6', '64:ff9b:0:0:0:0:c000:201', '64:ff9b:0:0::/64'],
  ])('%s has one spelling and one network', (written, family, text, network) => {
    expect(parseAddress(written)).toEqual({ family, text, network });
  });

  test.each([
    '',
    'localhost',
    '192.0.2.256',
    '192.0.2.1 ',
    '192.0.02.1',
    '0x7f.1',
    ':::',
    '1::2::3',
    '[::1]',
  ])('%j is none', (written) => {
    expect(parseAddress(written)).toBeUndefined();
  });

  test('however an IPv6 address is spelled, it is the same', () => {
    fc.assert(
      fc.property(fc.ipV6(), fc.boolean(), (written, upper) => {
        const address = parseAddress(written);
        const spelled = new URL(`http://[${written}]/`).hostname.slice(1, -1);
        expect(parseAddress(upper ? spelled.toUpperCase() : spelled)).toEqual(address);
        expect(parseAddress(address?.text ?? '')).toEqual(address);
      }),
    );
  });

  test('all hosts of one /64 are one client, those of the next another', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 }), (groups) => {
        const [a = 0, ...rest] = groups;
        const own = [0x2001, ...rest].map((group) => group.toString(16));
        const sibling = [...own.slice(0, 4), a.toString(16), ...own.slice(5)].join(':');
        const stranger = ['2002', ...own.slice(1)].join(':');
        const network = parseAddress(own.join(':'))?.network;
        expect(parseAddress(sibling)?.network).toBe(network);
        expect(parseAddress(stranger)?.network).not.toBe(network);
      }),
    );
  });
});
