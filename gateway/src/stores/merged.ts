import type { Account, Ledger } from '../limits/ledger.ts';
import type { GatewayId } from '../limits/claim.ts';
import { at } from '../limits/ledger.ts';
import type { Limit } from '../limits/limit.ts';

/**
 * What two copies of a ledger say together: of each gateway the newest claim, of two windows the newer. What only one knows is
 * kept: too much may be charged by it, too little never.
 */
export function merged(limit: Limit, one: Ledger, other: Ledger, nowMs: number): Ledger {
  if (one.window !== other.window) {
    const [older, newer] = one.window < other.window ? [one, other] : [other, one];
    const seqsBefore = newest(newer.seqsBefore, seqsOf(older));
    return { ...newer, seqsBefore };
  }
  const [a, b] = [at(limit, one, nowMs), at(limit, other, nowMs)];
  const accounts = new Map<GatewayId, Account>(a.accounts);
  for (const [gateway, account] of b.accounts) {
    const known = accounts.get(gateway);
    const isNewer = known === undefined || account.seq > known.seq;
    if (isNewer || (account.seq === known.seq && account.held > known.held)) accounts.set(gateway, account);
  }
  const used = [...accounts.values()].reduce((sum, { held }) => sum + held, 0);
  return {
    window: a.window,
    used,
    accounts,
    seqsBefore: newest(a.seqsBefore, b.seqsBefore),
    carried: Math.max(a.carried, b.carried),
    carriedAtMs: Math.max(a.carriedAtMs, b.carriedAtMs),
  };
}

function seqsOf(ledger: Ledger): ReadonlyMap<GatewayId, number> {
  const seqs = new Map([...ledger.accounts].map(([gateway, { seq }]): [GatewayId, number] => [gateway, seq]));
  return newest(ledger.seqsBefore, seqs);
}

function newest(
  a: ReadonlyMap<GatewayId, number>,
  b: ReadonlyMap<GatewayId, number>,
): ReadonlyMap<GatewayId, number> {
  const seqs = new Map(a);
  for (const [gateway, seq] of b) seqs.set(gateway, Math.max(seq, seqs.get(gateway) ?? 0));
  return seqs;
}
