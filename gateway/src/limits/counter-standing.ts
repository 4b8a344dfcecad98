import type { LeaseView } from './alone.ts';
import { ceiling } from './ledger.ts';
import type { Limit } from './limit.ts';

/** How a counter stands, as far as one gateway knows. */
export interface CounterStanding {
  /** Units left to the cluster; all of them when no window runs. Others may have taken some since. */
  readonly remaining: number;
  /** Until there is more: to the end of the window, or a whole one when none runs. Rounded up. */
  readonly resetsInMs: number;
}

/** Works it out from what a lease was last told. */
export function standingOf(limit: Limit, lease: LeaseView, nowMs: number): CounterStanding {
  const runs = nowMs < lease.deadlineMs;
  const used = runs ? lease.used : 0;
  const remaining = runs ? Math.max(0, ceiling(limit) - used + lease.unspent) : ceiling(limit);
  if (limit.kind === 'token-bucket') return { remaining, resetsInMs: refillMs(limit, used) };
  return { remaining, resetsInMs: runs ? lease.deadlineMs - nowMs : limit.windowMs };
}

/** Until an empty bucket has a token again, or one that isn't empty is full. */
function refillMs(limit: Extract<Limit, { kind: 'token-bucket' }>, missing: number): number {
  const awaited = missing < limit.burst ? missing : missing - limit.burst + 1;
  return Math.ceil((awaited * limit.windowMs) / limit.quota);
}
