import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAddress, type Address } from './address.ts';
import { clientAddress, TrustedProxies } from './client-address.ts';

const address = (written: string): Address => parseAddress(written)!;
const proxies = new TrustedProxies(['10.0.0.0/8', '2001:db8:1::/48', '192.0.2.7']);

function client(peer: string, ...forwardedFor: readonly string[]): string {
  return clientAddress(address(peer), forwardedFor, proxies).text;
}

describe("the client's address", () => {
  test('is the peer of the socket when that is no trusted proxy, whatever it claims', () => {
    expect(client('203.0.113.9', '198.51.100.1')).toBe('203.0.113.9');
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string())), (claims) => {
        expect(client('203.0.113.9', ...claims)).toBe('203.0.113.9');
      }),
    );
  });

  test('is the rightmost address that no trusted proxy has', () => {
    expect(client('10.0.0.1', '198.51.100.1')).toBe('198.51.100.1');
    expect(client('10.0.0.1', '198.51.100.1, 10.9.9.9')).toBe('198.51.100.1');
    expect(client('10.0.0.1', '8.8.8.8, 198.51.100.1, 192.0.2.7, 10.9.9.9')).toBe('198.51.100.1');
    expect(client('10.0.0.1', '8.8.8.8', '198.51.100.1,10.9.9.9')).toBe('198.51.100.1');
    expect(client('2001:db8:1::5', '2001:db8:2::9')).toBe('2001:db8:2:0:0:0:0:9');
    expect(client('::ffff:10.0.0.1', '::ffff:198.51.100.1')).toBe('198.51.100.1');
  });

  test('is the first proxy of the chain when all are trusted, or none says anything', () => {
    expect(client('10.0.0.1', '10.0.0.3, 10.0.0.2')).toBe('10.0.0.3');
    expect(client('10.0.0.1')).toBe('10.0.0.1');
  });

  test('what a client writes in front of what proxies add never matters', () => {
    const forged = fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()), { maxLength: 40 });
    fc.assert(
      fc.property(forged, (claims) => {
        expect(client('10.0.0.1', ...claims, '198.51.100.1, 10.0.0.2')).toBe('198.51.100.1');
      }),
    );
  });

  test('an entry that is no address ends the walk at the last good one', () => {
    expect(client('10.0.0.1', '198.51.100.1, unknown, 10.0.0.2')).toBe('10.0.0.2');
    expect(client('10.0.0.1', '198.51.100.1,,10.0.0.2')).toBe('10.0.0.2');
    expect(client('10.0.0.1', '_hidden')).toBe('10.0.0.1');
  });

  test('ports of either family are dropped', () => {
    expect(client('10.0.0.1', '198.51.100.1:4711')).toBe('198.51.100.1');
    expect(client('10.0.0.1', '[2001:db8:2::9]:4711')).toBe('2001:db8:2:0:0:0:0:9');
    expect(client('10.0.0.1', '[2001:db8:2::9]')).toBe('2001:db8:2:0:0:0:0:9');
  });

  test('the walk is bounded', () => {
    const many = Array.from({ length: 40 }, (_, hop) => `10.1.0.${hop}`).join(', ');
    expect(client('10.0.0.1', `198.51.100.1, ${many}`)).toBe('10.1.0.8');
  });

  test('a range that is none is refused when it is read', () => {
    expect(() => new TrustedProxies(['example.org'])).toThrow('trusted proxy');
  });
});
