import * as z from 'zod';
import { text } from './expected.ts';

/** A host by name or address, without a port. */
export function hostName(): z.ZodType<string> {
  const expected = 'the name or address of a host, without a port';
  const name = text({
    expected,
    charactersMax: 253,
    pattern: /^[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_.])?$/,
  });
  return z.union([name, z.ipv6()], { error: expected });
}

/** Whether a host, by name or address, can only be this machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** An IPv4 or IPv6 address, or a range of them in CIDR notation. */
export function networkRange(): z.ZodType<string> {
  return z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], {
    error: 'an address or a range such as "10.0.0.0/8" or "fd00::/8"',
  });
}
