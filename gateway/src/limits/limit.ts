/*
 * limits/ promises: what a limit is, and how a ledger (the store's side) and a lease (the gateway's side) behave.
 * Everything here is a pure function of its arguments, or a small state that is handed the time. It imports nothing,
 * not even node:*, reads no clock and knows neither stores, HTTP nor files. The law is leases.md.
 */

/**
 * A rule: at most `quota` units in a window. Quotas are whole units in 0..`unitsMax`, windows whole milliseconds in
 * 1..`windowMsMax`. See leases.md, section 7.
 */
export type Limit = FixedWindow;

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

/** Sums of a few of these are still exact in a double, so TypeScript and Lua count alike. */
export const unitsMax = 1_000_000_000_000_000;

/** 366 days. */
export const windowMsMax = 31_622_400_000;
