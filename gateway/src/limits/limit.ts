/*
 * limits/ promises: what a limit is, and how a ledger (the store's side) and a lease (the gateway's side) behave.
 * Everything here is a pure function of its arguments, or a small state that is handed the time. It imports nothing,
 * not even node:*, reads no clock and knows neither stores, HTTP nor files. The law is leases.md.
 */

/**
 * A rule: so many units per window, counted by one of three algorithms (leases.md, section 7). Quotas and bursts are whole
 * units in 0..`unitsMax`, windows whole milliseconds in 1..`windowMsMax`.
 */
export type Limit = FixedWindow | SlidingWindow | TokenBucket;

/**
 * `aligned` windows are multiples of `windowMs` from the Unix epoch (UTC); a `first-request` window starts with the
 * first unit claimed after the window before it is over.
 */
export interface FixedWindow {
  readonly kind: 'fixed-window';
  readonly quota: number;
  readonly windowMs: number;
  readonly starts: 'aligned' | 'first-request';
}

/**
 * Aligned windows, of which the one before fades out: what it counted still counts for the part of it that lies within the
 * last `windowMs`. An estimate: it takes the units of the window before as evenly spread.
 */
export interface SlidingWindow {
  readonly kind: 'sliding-window';
  readonly quota: number;
  readonly windowMs: number;
}

/** A bucket of `burst` tokens that is refilled by `quota` tokens per `windowMs`; `burst * windowMs` is at most 2^53 - 1. */
export interface TokenBucket {
  readonly kind: 'token-bucket';
  readonly quota: number;
  readonly windowMs: number;
  readonly burst: number;
}

/** Whether two limits are the same rule, though perhaps read from the files at different times. */
export function isSameRule(one: Limit, other: Limit): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Sums of a few of these are still exact in a double, so TypeScript and Lua count alike. */
export const unitsMax = 1_000_000_000_000_000;

/** 366 days. */
export const windowMsMax = 31_622_400_000;
