import type { Random } from '../support/random.ts';
import { deniedAddresses, strangers, trusted } from './served.ts';
import { spelledName } from './spelled.ts';

/** Who is at the socket's other end, what the request says of others, and who sends it then at most. */
interface Sender {
  readonly peer: string;
  readonly lines: readonly string[];
  readonly proves: readonly string[];
}

export function senderOf(random: Random, peer: string): Sender {
  const written = peer.includes(':') || random.chance(0.7) ? peer : `::ffff:${peer}`;
  const client = random.pick([...strangers, ...deniedAddresses]);
  const claimed = Array.from({ length: random.below(3) }, () => oddEntry(random));
  const hops = Array.from({ length: random.below(3) }, () => random.pick(trusted));
  if (random.chance(0.3)) return { peer: written, lines: [], proves: [peer] };
  const isOdd = random.chance(0.2);
  const spelled = isOdd ? oddSpelling(random, client) : spelling(random, client);
  const entries = [...claimed, spelled, ...hops];
  const name = spelledName(random, 'X-Forwarded-For');
  const cut = random.below(entries.length);
  const joined = (some: readonly string[]): string =>
    `${name}: ${some.join(random.pick([',', ', ', ' ,\t']))}`;
  const lines =
    random.chance(0.7) || cut === 0
      ? [joined(entries)]
      : [joined(entries.slice(0, cut)), joined(entries.slice(cut))];
  if (!trusted.includes(peer) && peer !== '127.0.0.1') return { peer: written, lines, proves: [peer] };
  return { peer: written, lines, proves: isOdd ? [client, peer, ...hops] : [client] };
}

/** Ways to write an address that proxies use. */
function spelling(random: Random, address: string): string {
  const port = random.pick(['', ':1', ':65535']);
  if (!address.includes(':')) {
    const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
    const hex = (high: number, low: number): string => (high * 256 + low).toString(16);
    return random.pick([
      address,
      `${address}${port}`,
      `::ffff:${address}`,
      `::FFFF:${address}`,
      `::ffff:${hex(a, b)}:${hex(c, d)}`,
      `0:0:0:0:0:ffff:${address}`,
      `[::ffff:${address}]${port}`,
    ]);
  }
  const groups = address.split(':');
  const padded = groups.map((group) => group.padStart(4, '0')).join(':');
  const sameNetwork = [...groups.slice(0, 4), 'ab', 'cd', 'ef', String(random.below(9999))].join(':');
  return random.pick([
    address,
    address.toUpperCase(),
    padded,
    address.replace(/:0:0:0:1$/, '::1'),
    sameNetwork,
    `[${address}]${port}`,
    `${address}%eth0`,
    `[${sameNetwork}]`,
  ]);
}

/** Ways to write it that no proxy should use, and readers differ about. */
function oddSpelling(random: Random, address: string): string {
  return random.pick([
    `0${address}`,
    `${address}.`,
    `"${address}"`,
    `${address}:99999999`,
    `${address} ${address}`,
    `for=${address}`,
    `[${address}`,
    `${address}]`,
    `${address};x`,
    `${address}/32`,
    '3221225985',
    '0300.0.2.1',
    '0xC0.0.2.1',
    '192.0.513',
    'unknown',
    '_hidden',
    '',
    ' ',
    'localhost',
    '\u00b9.2.3.4',
    '::ffff:192.0.2.999',
    '2001:db8::1::1',
    `%${address}`,
  ]);
}

function oddEntry(random: Random): string {
  const address = random.pick([...strangers, ...trusted]);
  return random.chance(0.5) ? spelling(random, address) : oddSpelling(random, address);
}

/** What other gateways believe. */
export function decoys(random: Random): readonly string[] {
  const value = random.pick([...strangers, ...trusted, '/free/x', 'web', 'DELETE', 'other.example']);
  return Array.from(
    { length: random.below(3) },
    () =>
      `${random.pick(['X-Real-IP', 'Forwarded', 'X-Client-IP', 'True-Client-IP', 'CF-Connecting-IP', 'X-Original-URL', 'X-Rewrite-URL', 'X-HTTP-Method-Override', 'X-Forwarded-Host', 'X-Forwarded-Prefix', 'X_Forwarded_For', 'Cookie', 'activityid', 'X-JWT-Assertion', 'Referer', 'Via'])}: ${value}`,
  );
}
