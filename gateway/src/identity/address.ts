/*
 * identity/ promises: who sends a request, as far as the request proves it. API keys are found by their digest, client
 * addresses only through proxies the operator trusts, and no spelling of either makes a second identity. It knows
 * applications and their keys, but neither HTTP messages nor limits, and it never shows a key or an address to a log.
 */
import { isIP } from 'node:net';
import { ipv6Groups, mappedIpv4 } from '../policy/ip-number.ts';

/** An IP address with one spelling: IPv4-mapped IPv6 is IPv4, IPv6 is in lower case without its zone. */
export interface Address {
  readonly family: 'ipv4' | 'ipv6';
  readonly text: string;
  /** What counts as one client: an IPv4 address, or an IPv6 network of 64 bits, since one host has all of those. */
  readonly network: string;
}

const addressCharsMax = 64;

/** Reads an address as sockets and X-Forwarded-For write it; undefined when it is none. */
export function parseAddress(written: string): Address | undefined {
  if (written.length > addressCharsMax) return undefined;
  switch (isIP(written)) {
    case 4:
      return ipv4(written);
    case 6:
      return ipv6(written);
    default:
      return undefined;
  }
}

function ipv4(text: string): Address {
  return { family: 'ipv4', text, network: text };
}

function ipv6(written: string): Address {
  const groups = ipv6Groups(written);
  const mapped = mappedIpv4(groups);
  if (mapped !== undefined) {
    return ipv4([mapped >>> 24, (mapped >>> 16) & 0xff, (mapped >>> 8) & 0xff, mapped & 0xff].join('.'));
  }
  const spelled = groups.map((group) => group.toString(16));
  return { family: 'ipv6', text: spelled.join(':'), network: `${spelled.slice(0, 4).join(':')}::/64` };
}
