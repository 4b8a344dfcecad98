/*
 * identity/ promises: who sends a request, as far as the request proves it. API keys are found by their digest, client
 * addresses only through proxies the operator trusts, and no spelling of either makes a second identity. It knows
 * applications and their keys, but neither HTTP messages nor limits, and it never shows a key or an address to a log.
 */
import { isIP } from 'node:net';

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
  const [text = ''] = written.toLowerCase().split('%', 1);
  const groups = ipv6Groups(text);
  const [, , , , , mark = 0, high = 0, low = 0] = groups;
  if (mark === 0xffff && groups.slice(0, 5).every((group) => group === 0)) {
    return ipv4([high >> 8, high & 0xff, low >> 8, low & 0xff].join('.'));
  }
  const spelled = groups.map((group) => group.toString(16));
  return { family: 'ipv6', text: spelled.join(':'), network: `${spelled.slice(0, 4).join(':')}::/64` };
}

/** The eight groups of a valid IPv6 address. */
function ipv6Groups(text: string): readonly number[] {
  const [left = '', right] = text.split('::', 2);
  const head = groupsOf(left);
  if (right === undefined) return head;
  const tail = groupsOf(right);
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => 0);
  return [...head, ...zeros, ...tail];
}

function groupsOf(part: string): number[] {
  if (part === '') return [];
  return part.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}
