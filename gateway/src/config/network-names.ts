import * as z from 'zod';
import type { Endpoint } from './config.ts';
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

/** An IPv4 or IPv6 address without a zone. */
export function ipAddress(): z.ZodType<string> {
  return z.union([z.ipv4(), z.ipv6()], { error: 'an IPv4 or IPv6 address' });
}

/** An IPv4 or IPv6 address, or a range of them in CIDR notation. */
export function networkRange(): z.ZodType<string> {
  return z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], {
    error: 'an address or a range such as "10.0.0.0/8" or "fd00::/8"',
  });
}

/** `host:port`; the address of an IPv6 host stands in brackets. */
export function endpoint(): z.ZodType<Endpoint> {
  const error = 'a host and its port, such as "10.0.0.1:6379" or "[fd00::1]:6379"';
  return z.string({ error }).transform((written, context) => {
    const found = endpointOf(written);
    if (found !== undefined) return found;
    context.addIssue({ code: 'custom', message: error });
    return z.NEVER;
  });
}

function endpointOf(written: string): Endpoint | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(written) ?? [];
  const host = hostName().safeParse(bracketed ?? plain);
  const port = Number(digits);
  return host.success && port >= 1 && port <= 65_535 ? { host: host.data, port } : undefined;
}

/** The name that a certificate must bear. */
export function certificateName(): z.ZodType<string> {
  return text({
    expected: "the name in the server's certificate",
    charactersMax: 253,
    pattern: /^[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?$/,
  });
}

/** The path of a file that belongs to TLS. */
export function pemFile(): z.ZodType<string> {
  return text({ expected: 'the path of a PEM file, absolute or relative to the home', charactersMax: 1000 });
}
