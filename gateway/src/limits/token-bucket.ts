import type { WindowId } from './claim.ts';
import type { TokenBucket } from './limit.ts';

/**
 * Leases of a bucket live for one period, so a bucket admits at most `burst + rate * (t + periodMs)` in any span t. The same
 * for all gateways, whatever their horizon: periods are the windows of a bucket's ledger.
 */
export const periodMs = 100;

/**
 * How far a bucket is from full, in tokens times `windowMs` so that refilling stays in whole numbers, at a moment of the
 * store's clock.
 */
export interface Deficit {
  readonly scaled: number;
  readonly atMs: number;
}

export function windowAt(nowMs: number): WindowId {
  return nowMs - (nowMs % periodMs);
}

/** The deficit at a later moment. A clock that was set back refills nothing, and refilling goes on from there. */
export function refilled(limit: TokenBucket, deficit: Deficit, nowMs: number): Deficit {
  const passedMs = Math.max(0, nowMs - deficit.atMs);
  return { scaled: Math.max(0, deficit.scaled - passedMs * limit.quota), atMs: nowMs };
}

/** The deficit after taking tokens, or giving some back (a negative number). A bucket is never more than full. */
export function taken(limit: TokenBucket, deficit: Deficit, tokens: number): Deficit {
  return { ...deficit, scaled: Math.max(0, deficit.scaled + tokens * limit.windowMs) };
}

/** Tokens that are missing, rounded up. */
export function missing(limit: TokenBucket, deficit: Deficit): number {
  return Math.ceil(deficit.scaled / limit.windowMs);
}
