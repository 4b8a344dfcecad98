import type { IpNumber } from './ip-number.ts';

/** Addresses of one family, both ends included. */
export interface IpRange {
  readonly from: IpNumber;
  readonly to: IpNumber;
}

/** A set of addresses in which one is found in as many steps as the number of ranges has binary digits. */
export class IpRanges {
  readonly #ipv4: Disjoint<number>;
  readonly #ipv6: Disjoint<bigint>;

  constructor(ranges: readonly IpRange[]) {
    this.#ipv4 = disjoint(ranges.filter(isIpv4));
    this.#ipv6 = disjoint(ranges.filter(isIpv6));
  }

  has(address: IpNumber): boolean {
    return typeof address === 'number' ? isIn(this.#ipv4, address) : isIn(this.#ipv6, address);
  }
}

const ipv4Max = 2 ** 32 - 1;
const ipv6Max = 2n ** 128n - 1n;

/** All addresses that are not in a range: those beside it, and the whole other family. */
export function outside(range: IpRange): readonly IpRange[] {
  const all: readonly IpRange[] = isIpv4(range)
    ? [
        { from: 0, to: range.from - 1 },
        { from: range.to + 1, to: ipv4Max },
        { from: 0n, to: ipv6Max },
      ]
    : isIpv6(range)
      ? [
          { from: 0n, to: range.from - 1n },
          { from: range.to + 1n, to: ipv6Max },
          { from: 0, to: ipv4Max },
        ]
      : [];
  return all.filter(({ from, to }) => from <= to);
}

/** Ranges that neither meet nor overlap, by their beginnings. */
interface Disjoint<Ip> {
  readonly from: readonly Ip[];
  readonly to: readonly Ip[];
}

function disjoint<Ip extends IpNumber>(
  ranges: readonly { readonly from: Ip; readonly to: Ip }[],
): Disjoint<Ip> {
  const from: Ip[] = [];
  const to: Ip[] = [];
  for (const range of ranges.toSorted((one, other) => (one.from < other.from ? -1 : 1))) {
    const last = to.at(-1);
    if (last === undefined || range.from > last) {
      from.push(range.from);
      to.push(range.to);
    } else if (range.to > last) {
      to[to.length - 1] = range.to;
    }
  }
  return { from, to };
}

function isIn<Ip extends IpNumber>({ from, to }: Disjoint<Ip>, address: Ip): boolean {
  // The last range that begins at or before the address lies below `above`.
  let below = 0;
  let above = from.length;
  while (below < above) {
    const middle = (below + above) >>> 1;
    const start = from[middle];
    if (start !== undefined && start <= address) below = middle + 1;
    else above = middle;
  }
  const end = to[above - 1];
  return end !== undefined && address <= end;
}

function isIpv4(range: IpRange): range is { readonly from: number; readonly to: number } {
  return typeof range.from === 'number' && typeof range.to === 'number';
}

function isIpv6(range: IpRange): range is { readonly from: bigint; readonly to: bigint } {
  return typeof range.from === 'bigint' && typeof range.to === 'bigint';
}
