import type { Claim, GatewayId, Grant } from '../../limits/claim.ts';
import type { CounterKey } from '../../limits/counter-key.ts';
import { StoreError } from '../../limits/counter-store.ts';
import type { Account, Ledger } from '../../limits/ledger.ts';

const integersPerGrant = 5;

/** The arguments of settle.lua for these claims; `nowMs` replaces the server's clock. */
export function settleArguments(claims: readonly Claim[], nowMs: number | undefined): (string | number)[] {
  const args: (string | number)[] = [nowMs ?? ''];
  for (const { limit, gateway, seq, window, held, want, atLeast } of claims) {
    args.push(limit.windowMs, limit.starts, limit.quota, gateway, seq, window ?? '', held, want, atLeast);
  }
  return args;
}

/** The grants in settle.lua's reply. Throws StoreError when it isn't one integer list of the right length. */
export function grantsOf(
  reply: unknown,
  asked: { readonly claims: number; readonly gateways: number },
): Grant[] {
  const { claims, gateways } = asked;
  if (!Array.isArray(reply) || reply.length !== claims * integersPerGrant) {
    throw new StoreError(`Redis answered ${claims} claims with something else than their grants`);
  }
  const numbers = reply.map(integer);
  const grants: Grant[] = [];
  for (let at = 0; at < numbers.length; at += integersPerGrant) {
    const [settled = 0, window = 0, granted = 0, used = 0, endsInMs = 0] = numbers.slice(
      at,
      at + integersPerGrant,
    );
    grants.push({ outcome: settled === 1 ? 'granted' : 'stale', window, granted, used, endsInMs, gateways });
  }
  return grants;
}

/** The ledger in a hash of settle.lua, or undefined when the hash is empty. */
export function ledgerOf(fields: Readonly<Record<string, string>>): Ledger | undefined {
  if (fields['window'] === undefined) return undefined;
  const accounts = new Map<GatewayId, Account>();
  for (const [name, held] of Object.entries(fields)) {
    if (!name.startsWith('h:')) continue;
    const gateway = name.slice(2);
    accounts.set(gateway as GatewayId, { held: integer(held), seq: integer(fields[`s:${gateway}`]) });
  }
  return { window: integer(fields['window']), used: integer(fields['used']), accounts };
}

export function redisKey(key: CounterKey): string {
  return `sluice:${key}`;
}

function integer(value: unknown): number {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number)) return number;
  throw new StoreError('Redis answered with something else than a whole number');
}
