import type { Random } from '../support/random.ts';
import { inQuery, queryOf, shownBy, type Credential } from './credentials.ts';
import { decoys, senderOf } from './senders.ts';
import { deniedAddresses, host, operations, strangers, trusted, type Asked } from './served.ts';
import { shuffled, spelledName } from './spelled.ts';
import { targetOf } from './targets.ts';

/** A request as its bytes, and whose counters it may be charged to at most: one of `proves`, for the operation it means. */
export interface Variant {
  /** One character per byte. */
  readonly bytes: string;
  readonly peer: string;
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly proves: { readonly credentials: readonly Credential[]; readonly addresses: readonly string[] };
}

/** A request that an operation's user sends, and what a client might make of it to be counted elsewhere. */
export function variantOf(
  random: Random,
  peers: readonly string[] = [...trusted, ...strangers, ...deniedAddresses],
): Variant {
  const asked = random.pick(operations);
  const sender = senderOf(random, random.pick(peers));
  const shown = shownBy(random);
  const target = `${targetOf(random, asked)}${queryOf(random, shown.query)}`;
  const method = random.chance(0.95) ? asked.method : random.pick(oddMethods);
  const lines = shuffled(random, [
    `${spelledName(random, 'Host')}: ${host}`,
    // In their order.
    ...(sender.lines.length === 0 ? [] : [sender.lines.join('\r\n')]),
    ...shown.lines,
    ...decoys(random),
  ]);
  return {
    bytes: `${method} ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`,
    peer: sender.peer,
    method,
    target,
    host,
    proves: { credentials: [...shown.proves, ...inQuery(target, shown)], addresses: sender.proves },
  };
}

/** The same without any trick: what it is charged is what all variants may be charged. */
export function plainRequest(
  asked: Asked,
  who: { readonly credential?: Credential; readonly address?: string },
): Omit<Variant, 'proves'> {
  const { credential, address = '203.0.113.77' } = who;
  const { method, path } = asked;
  const shown = credential === undefined ? [] : [lineOf(credential)];
  const lines = [`Host: ${host}`, ...shown];
  return {
    bytes: `${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`,
    peer: address,
    method,
    target: path,
    host,
  };
}

function lineOf({ kind, text }: Credential): string {
  return kind === 'key' ? `ApiKey: ${text}` : `Authorization: Bearer ${text}`;
}

const oddMethods = [
  'HEAD',
  'OPTIONS',
  'get',
  'Get',
  'POST',
  'DELETE',
  'TRACE',
  'PATCH',
  'GETX',
  'PURGE',
  'CONNECT',
  ' GET',
];
