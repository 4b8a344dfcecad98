import { BlockList } from 'node:net';
import { parseAddress, type Address } from './address.ts';

/** How many proxies may stand between a client and this gateway. */
const hopsMax = 32;

/** Peers that are known by what their sockets call them; connections are far fewer than requests. */
const peersMax = 10_000;

/** The other end of a connection. */
export interface Peer {
  /** Absent when the socket was closed already. */
  readonly address: Address | undefined;
  readonly isTrusted: boolean;
}

/** The proxies whose word about their client is believed. */
export class TrustedProxies {
  readonly #ranges = new BlockList();
  readonly #some: boolean;
  readonly #peers = new Map<string, Peer>();

  /** Takes addresses and CIDR ranges that were checked before; throws on others. */
  constructor(ranges: readonly string[]) {
    this.#some = ranges.length > 0;
    for (const range of ranges) {
      const [network = '', prefix] = range.split('/');
      const address = parseAddress(network);
      if (address === undefined) throw new Error('a trusted proxy is not an IP address or CIDR range');
      const bits = address.family === 'ipv4' ? 32 : 128;
      this.#ranges.addSubnet(address.text, prefix === undefined ? bits : Number(prefix), address.family);
    }
  }

  /** Reads a peer's address as its socket writes it, once for all requests of a connection. */
  peer(written: string): Peer {
    const known = this.#peers.get(written);
    if (known !== undefined) return known;
    const address = parseAddress(written);
    const peer = { address, isTrusted: address !== undefined && this.trust(address) };
    if (this.#peers.size >= peersMax) this.#peers.clear();
    this.#peers.set(written, peer);
    return peer;
  }

  trust(address: Address): boolean {
    return this.#some && this.#ranges.check(address.text, address.family);
  }
}

/**
 * The address of the client: the socket's peer, unless trusted proxies stand between. Then X-Forwarded-For is read from
 * the right, skipping trusted proxies; whatever stands left of the first untrusted address was written by a stranger. An
 * entry that is no address ends the walk at the last good one.
 */
export function clientAddress(
  peer: Address,
  forwardedFor: readonly string[],
  proxies: TrustedProxies,
): Address {
  let client = peer;
  if (forwardedFor.length === 0 || !proxies.trust(peer)) return client;
  const entries = forwardedFor.join(',').split(',');
  const last = entries.length - 1;
  for (let hop = 0; hop < hopsMax && hop <= last; hop += 1) {
    const address = parseAddress(withoutPort(entries[last - hop]?.trim() ?? ''));
    if (address === undefined) return client;
    client = address;
    if (!proxies.trust(client)) return client;
  }
  return client;
}

/** Some proxies add the client's port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function withoutPort(entry: string): string {
  const [, bracketed, ipv4] = /^(?:\[([^\]]*)\](?::\d{1,5})?|(\d[\d.]*):\d{1,5})$/.exec(entry) ?? [];
  return bracketed ?? ipv4 ?? entry;
}
