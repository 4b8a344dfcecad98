import { BlockList, isIP } from 'node:net';
import { ipNumber } from '../policy/ip-number.ts';

/** What an operator allows beside public addresses. */
export interface AllowedCallbacks {
  /** Names in lower case; `*.` in front stands for everything below a domain. */
  readonly callbackHosts: readonly string[];
  /** Addresses and CIDR ranges. */
  readonly callbackNetworks: readonly string[];
}

/**
 * Which addresses events may be sent to: callbacks are chosen by clients, who must not reach through the gateway what they can't reach
 * themselves. Public addresses are allowed, and what the operator names.
 */
export class CallbackRules {
  readonly #hosts: readonly string[];
  readonly #networks: BlockList;

  constructor({ callbackHosts, callbackNetworks }: AllowedCallbacks) {
    this.#hosts = callbackHosts;
    this.#networks = blockList(callbackNetworks);
  }

  /** Whether a host, as its URL names it, may be reached at this address. */
  allows(hostname: string, address: string): boolean {
    return isPublic(address) || this.#namesHost(hostname) || has(this.#networks, address);
  }

  #namesHost(hostname: string): boolean {
    const name = hostname.toLowerCase().replace(/\.$/, '');
    return this.#hosts.some((host) => (host.startsWith('*.') ? name.endsWith(host.slice(1)) : name === host));
  }
}

/** An address in place of a name, without the brackets of a URL. */
export function literalAddress(hostname: string): string | undefined {
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return isIP(bare) === 0 ? undefined : bare;
}

function isPublic(address: string): boolean {
  const bare = unmapped(address);
  if (isIP(bare) === 4) return !notPublicIpv4.check(bare, 'ipv4');
  return globalIpv6.check(bare, 'ipv6') && !notPublicIpv6.check(bare, 'ipv6');
}

function has(list: BlockList, address: string): boolean {
  const bare = unmapped(address);
  return list.check(bare, isIP(bare) === 4 ? 'ipv4' : 'ipv6');
}

/** An IPv4-mapped address is the IPv4 address. */
function unmapped(address: string): string {
  const [bare = ''] = address.split('%', 1);
  const number = ipNumber(bare);
  if (typeof number !== 'number') return bare;
  return [24, 16, 8, 0].map((bits) => (number >>> bits) & 255).join('.');
}

function blockList(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [network = '', prefix] = range.split('/');
    const isIpv4 = isIP(network) === 4;
    list.addSubnet(network, Number(prefix ?? (isIpv4 ? 32 : 128)), isIpv4 ? 'ipv4' : 'ipv6');
  }
  return list;
}

/** RFC 6890 and the registries after it: this network, private, shared, loopback, link-local, protocols, examples, tests, multicast, reserved. */
const notPublicIpv4: BlockList = blockList([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]);

/** All that is public; beside it stand unspecified, loopback, mapped, translated, unique-local, link-local and multicast addresses. */
const globalIpv6: BlockList = blockList(['2000::/3']);
/** Protocols, which may hold an IPv4 address (Teredo, 6to4), and examples. */
const notPublicIpv6: BlockList = blockList(['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']);
