import type { Account, Ledger } from '../limits/ledger.ts';
import type { GatewayId } from '../limits/claim.ts';
import { at, begun, charged, lengthMs } from '../limits/ledger.ts';
import type { Limit } from '../limits/limit.ts';

/**
 * What two copies of a ledger say together: of each gateway the newest claim, of two windows the newer. What only one knows is
 * kept: too much may be charged by it, too little never.
 */
export function merged(limit: Limit, one: Ledger, other: Ledger, nowMs: number): Ledger {
  if (one.window !== other.window) {
    const [older, newer] = one.window < other.window ? [one, other] : [other, one];
    const isInside = newer.window < older.window + lengthMs(limit);
    return isInside ? joined(older, newer) : succeeding(limit, older, newer, nowMs);
  }
  const [a, b] = [at(limit, one, nowMs), at(limit, other, nowMs)];
  const accounts = new Map<GatewayId, Account>(a.accounts);
  for (const [gateway, account] of b.accounts) {
    const known = accounts.get(gateway);
    const isNewer = known === undefined || account.seq > known.seq;
    if (isNewer || (account.seq === known.seq && account.held > known.held)) accounts.set(gateway, account);
  }
  const used = [...accounts.values()].reduce((sum, { held }) => sum + held, 0);
  // A bucket lacks what either of them hadn't heard of.
  const [fromA, fromB] = [charged(limit, a, used - a.used), charged(limit, b, used - b.used)];
  return {
    window: a.window,
    used,
    accounts,
    seqsBefore: newest(a.seqsBefore, b.seqsBefore),
    carried: Math.max(fromA.carried, fromB.carried),
    carriedAtMs: Math.max(a.carriedAtMs, b.carriedAtMs),
  };
}

/**
 * One window began inside the other, by whoever didn't know of that, as an owner that has slept. It can't be told which of them
 * gateways were granted units in: both count to the end of the newer. The older counts once more with each copy of it that comes,
 * until its gateways claim again.
 */
function joined(older: Ledger, newer: Ledger): Ledger {
  const accounts = new Map<GatewayId, Account>(older.accounts);
  for (const [gateway, { held, seq }] of newer.accounts) {
    const known = accounts.get(gateway);
    accounts.set(gateway, { held: held + (known?.held ?? 0), seq: Math.max(seq, known?.seq ?? seq) });
  }
  const seqsBefore = newest(older.seqsBefore, newer.seqsBefore);
  return { ...newer, used: older.used + newer.used, accounts, seqsBefore };
}

/** The newer window, with what it inherits from the older: whoever began it may not have known that. */
function succeeding(limit: Limit, older: Ledger, newer: Ledger, nowMs: number): Ledger {
  const [known, told] = [at(limit, newer, nowMs), begun(limit, older, newer.window)];
  const inherited = charged(limit, at(limit, told, nowMs), newer.used);
  return {
    ...known,
    seqsBefore: newest(newer.seqsBefore, seqsOf(older)),
    carried: Math.max(known.carried, inherited.carried),
    carriedAtMs: Math.max(known.carriedAtMs, inherited.carriedAtMs),
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
