import type { Claim, GatewayId, Grant } from '../../limits/claim.ts';
import type { CounterKey } from '../../limits/counter-key.ts';
import { StoreError } from '../../limits/counter-store.ts';
import type { Account, Ledger } from '../../limits/ledger.ts';
import type { Limit } from '../../limits/limit.ts';
import { checkFormat, NewerLedger } from './newer-ledger.ts';

const integersPerGrant = 5;
const newerLedger = /^newer (\S*) (.+)$/s;

/**
 * The arguments of settle.lua for these claims; `nowMs` replaces the server's clock. Limits and gateways that several claims
 * share are named once.
 */
export function settleArguments(claims: readonly Claim[], nowMs: number | undefined): (string | number)[] {
  const limits = new Map<Limit, number>();
  const gateways = new Map<GatewayId, number>();
  const rows: (string | number)[] = [];
  for (const { limit, gateway, seq, window, held, want, atLeast } of claims) {
    rows.push(numberOf(limits, limit), numberOf(gateways, gateway), seq, window ?? '', held, want, atLeast);
  }
  const limitRows = [...limits.keys()].flatMap((limit) => {
    return [limit.windowMs, kindOf(limit), limit.quota, limit.kind === 'token-bucket' ? limit.burst : 0];
  });
  return [nowMs ?? '', limits.size, ...limitRows, gateways.size, ...gateways.keys(), ...rows];
}

function numberOf<Named>(known: Map<Named, number>, named: Named): number {
  const number = known.get(named) ?? known.size + 1;
  known.set(named, number);
  return number;
}

function kindOf(limit: Limit): string {
  switch (limit.kind) {
    case 'fixed-window':
      return limit.starts;
    case 'sliding-window':
      return 'sliding';
    case 'token-bucket':
      return 'bucket';
    default:
      return limit satisfies never;
  }
}

/**
 * The grants in settle.lua's reply. Throws NewerLedger when it has met one, and StoreError when it isn't a list of whole numbers
 * of the right length.
 */
export function grantsOf(
  reply: unknown,
  asked: { readonly claims: number; readonly gateways: number },
): Grant[] {
  const { claims, gateways } = asked;
  const text = typeof reply === 'string' ? reply : '';
  const [isNewer, format = '', key] = text.startsWith('newer ') ? (newerLedger.exec(text) ?? []) : [];
  if (isNewer !== undefined) throw new NewerLedger(format, key);
  const numbers = text === '' ? [] : text.split(' ').map(integer);
  if (numbers.length !== claims * integersPerGrant) {
    throw new StoreError(`Redis answered ${claims} claims with something else than their grants`);
  }
  const number = (at: number): number => numbers[at] ?? 0;
  return Array.from({ length: claims }, (_, claim): Grant => {
    const at = claim * integersPerGrant;
    return {
      outcome: number(at) === 1 ? 'granted' : 'stale',
      window: number(at + 1),
      granted: number(at + 2),
      used: number(at + 3),
      endsInMs: number(at + 4),
      gateways,
    };
  });
}

/** What heartbeat.lua replied. Throws StoreError when it is something else. */
export function heartbeatOf(reply: unknown): {
  readonly living: number;
  readonly atMs: number;
  readonly beforeMs: number | undefined;
} {
  if (!Array.isArray(reply)) throw new StoreError('Redis answered a heartbeat with something else');
  const [living, atMs, beforeMs] = reply.map((value) => (value === null ? undefined : integer(value)));
  if (living === undefined || atMs === undefined) throw new StoreError('Redis answered half a heartbeat');
  return { living, atMs, beforeMs };
}

/** The ledger in a hash of settle.lua, or undefined when the hash is empty. Throws NewerLedger when it has a later format. */
export function ledgerOf(fields: Readonly<Record<string, string>>): Ledger | undefined {
  checkFormat(fields['v']);
  if (fields['window'] === undefined) return undefined;
  const accounts = new Map<GatewayId, Account>();
  const seqsBefore = new Map<GatewayId, number>();
  for (const [name, value] of Object.entries(fields)) {
    const gateway = name.slice(2) as GatewayId;
    if (name.startsWith('h:')) {
      accounts.set(gateway, { held: integer(value), seq: integer(fields[`s:${gateway}`]) });
    } else if (name.startsWith('b:')) {
      seqsBefore.set(gateway, integer(value));
    }
  }
  return {
    window: integer(fields['window']),
    used: integer(fields['used']),
    accounts,
    seqsBefore,
    carried: integer(fields['carried'] ?? 0),
    carriedAtMs: integer(fields['at'] ?? 0),
  };
}

export function redisKey(key: CounterKey): string {
  return `sluice:${key}`;
}

function integer(value: unknown): number {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number)) return number;
  throw new StoreError('Redis answered with something else than a whole number');
}
