import { BlockList } from 'node:net';
import { parseAddress, type Address } from './address.ts';
import type { Claims } from './token-claims.ts';

const entriesMax = 100;

/** From where an API key may be used, by its claims `permittedIP` and `permittedReferer` (lists with commas). */
export class PermittedCallers {
  readonly #addresses: BlockList | undefined;
  readonly #referers: readonly string[];

  constructor({ permittedIP, permittedReferer }: Claims) {
    const ranges = listOf(permittedIP);
    this.#addresses = ranges.length === 0 ? undefined : rangesOf(ranges);
    this.#referers = listOf(permittedReferer);
  }

  /** WSO2 doesn't look at the referer of an address that is permitted. */
  allow(caller: { readonly address: Address | undefined; readonly referer: string | undefined }): boolean {
    const { address, referer } = caller;
    if (this.#addresses !== undefined) {
      return address !== undefined && this.#addresses.check(address.text, address.family);
    }
    if (this.#referers.length === 0) return true;
    return referer !== undefined && this.#referers.some((pattern) => matches(referer, pattern));
  }
}

function listOf(claim: unknown): readonly string[] {
  if (claim === undefined || claim === null || claim === '') return [];
  // What can't be read permits nobody.
  if (typeof claim !== 'string') return [''];
  return claim.split(',', entriesMax).map((entry) => entry.trim());
}

/** Entries that are no address and no range permit nobody. */
function rangesOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [network = '', prefix] = range.split('/', 2);
    const address = parseAddress(network);
    const bitsMax = address?.family === 'ipv6' ? 128 : 32;
    const bits = prefix === undefined ? bitsMax : Number(prefix);
    if (address === undefined || !Number.isInteger(bits) || bits < 0 || bits > bitsMax || prefix === '')
      continue;
    list.addSubnet(address.text, bits, address.family);
  }
  return list;
}

/** Whether a pattern matches a whole text; `*` stands for any characters. Looks at each character about once. */
function matches(text: string, pattern: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first) || text.length < first.length + last.length || !text.endsWith(last))
    return false;
  const end = text.length - last.length;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found === -1 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}
