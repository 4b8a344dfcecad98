import type { LeaseView } from './alone.ts';
import { ceiling } from './ledger.ts';
import type { Limit } from './limit.ts';

type LeaseState = Pick<LeaseView, 'told' | 'unspent'>;

/** Units left to the cluster as far as one gateway knows; all of them when no window runs. Others may have taken some since. */
export function remainingOf(limit: Limit, { told, unspent }: LeaseState, nowMs: number): number {
  return nowMs < told.deadlineMs ? Math.max(0, ceiling(limit) - told.used + unspent) : ceiling(limit);
}

/** Until a counter has more: to the end of the window, or a whole one when none runs. In ms, rounded up. */
export function resetsInMsOf(limit: Limit, { told }: LeaseState, nowMs: number): number {
  const runs = nowMs < told.deadlineMs;
  if (limit.kind === 'token-bucket') return refillMs(limit, runs ? told.used : 0);
  return runs ? told.deadlineMs - nowMs : limit.windowMs;
}

/** Until an empty bucket has a token again, or one that isn't empty is full. */
function refillMs(limit: Extract<Limit, { kind: 'token-bucket' }>, missing: number): number {
  const awaited = missing < limit.burst ? missing : missing - limit.burst + 1;
  return Math.ceil((awaited * limit.windowMs) / limit.quota);
}
