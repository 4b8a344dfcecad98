/**
 * An IP address by which those of its family are ordered: of IPv4 a number of 32 bits, of IPv6 a bigint of 128. An
 * IPv4-mapped IPv6 address is the IPv4 address.
 */
export type IpNumber = number | bigint;

/** Reads a valid address; its zone means nothing. */
export function ipNumber(valid: string): IpNumber {
  if (!valid.includes(':')) return ipv4Number(valid);
  const groups = ipv6Groups(valid);
  const mapped = mappedIpv4(groups);
  if (mapped !== undefined) return mapped;
  return groups.reduce((number, group) => (number << 16n) | BigInt(group), 0n);
}

function ipv4Number(valid: string): number {
  let number = 0;
  let part = 0;
  for (let at = 0; at < valid.length; at += 1) {
    const code = valid.charCodeAt(at);
    if (code === 0x2e) {
      number = number * 256 + part;
      part = 0;
    } else {
      part = part * 10 + code - 0x30;
    }
  }
  return number * 256 + part;
}

/** The IPv4 address that an IPv6 address with these groups stands for (`::ffff:192.0.2.1`), if it does. */
export function mappedIpv4(groups: readonly number[]): number | undefined {
  const [, , , , , mark = 0, high = 0, low = 0] = groups;
  if (mark !== 0xffff || groups.slice(0, 5).some((group) => group !== 0)) return undefined;
  return high * 65_536 + low;
}

/** The eight groups of a valid IPv6 address. */
export function ipv6Groups(valid: string): readonly number[] {
  const [text = ''] = valid.split('%', 1);
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
    const number = ipv4Number(group);
    return [Math.floor(number / 65_536), number % 65_536];
  });
}
