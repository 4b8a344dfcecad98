import type { GatewayId, WindowId } from './claim.ts';
import * as fixedWindow from './fixed-window.ts';
import type { Limit } from './limit.ts';
import * as slidingWindow from './sliding-window.ts';
import * as tokenBucket from './token-bucket.ts';

/** The store's record of one counter: what was handed out in one window, and to whom. */
export interface Ledger {
  readonly window: WindowId;
  /** The sum of all accounts' `held`. */
  readonly used: number;
  readonly accounts: ReadonlyMap<GatewayId, Account>;
  /** The newest seq of gateways that claimed in the window before: a replayed claim of theirs changes nothing here either. */
  readonly seqsBefore: ReadonlyMap<GatewayId, number>;
  /** Sliding windows: units of the window before. Token buckets: the deficit, scaled. Else 0. */
  readonly carried: number;
  /** Token buckets: the moment `carried` holds for. Else 0. */
  readonly carriedAtMs: number;
}

/** What the ledger believes one gateway has taken in this window, and the newest claim it heard from it. */
export interface Account {
  readonly held: number;
  readonly seq: number;
}

/** How long a window of this limit's ledger runs, in ms. */
export function lengthMs(limit: Limit): number {
  return limit.kind === 'token-bucket' ? tokenBucket.periodMs : limit.windowMs;
}

/** The most units that can count at once. */
export function ceiling(limit: Limit): number {
  return limit.kind === 'token-bucket' ? limit.burst : limit.quota;
}

/** The window that starts when a counter is first claimed at `nowMs`. */
export function windowAt(limit: Limit, nowMs: number): WindowId {
  switch (limit.kind) {
    case 'fixed-window':
      return fixedWindow.windowAt(limit, nowMs);
    case 'sliding-window':
      return slidingWindow.windowAt(limit, nowMs);
    case 'token-bucket':
      return tokenBucket.windowAt(nowMs);
    default:
      return limit satisfies never;
  }
}

/**
 * Whether a window is still open. A window that lies ahead of the clock counts as open for up to one window length: the
 * store's clock was set back a little, and a window that was used must not be forgotten for it. Further ahead it is
 * over, or a clock that was hours wrong would keep counters shut for hours.
 */
export function isOpen(limit: Limit, window: WindowId, nowMs: number): boolean {
  return Math.abs(nowMs - window) < lengthMs(limit);
}

/** The ledger of a window that begins, with what it carries over from the one before it, if that is known. */
export function begun(limit: Limit, old: Ledger | undefined, window: WindowId): Ledger {
  const seqsBefore = new Map([...(old?.accounts ?? [])].map(([gateway, { seq }]) => [gateway, seq]));
  const ledger: Ledger = { window, used: 0, accounts: new Map(), seqsBefore, carried: 0, carriedAtMs: 0 };
  if (limit.kind === 'fixed-window' || old === undefined) return ledger;
  if (limit.kind === 'sliding-window') {
    return { ...ledger, carried: slidingWindow.previousOf(limit, old, window) };
  }
  return { ...ledger, carried: old.carried, carriedAtMs: old.carriedAtMs };
}

/** The ledger at `nowMs`, when nothing was claimed meanwhile. */
export function at(limit: Limit, ledger: Ledger, nowMs: number): Ledger {
  if (limit.kind !== 'token-bucket') return ledger;
  const { scaled, atMs } = tokenBucket.refilled(limit, deficitOf(ledger), nowMs);
  return { ...ledger, carried: scaled, carriedAtMs: atMs };
}

/** The ledger after units were handed out, or came back (a negative number). */
export function charged(limit: Limit, ledger: Ledger, units: number): Ledger {
  const used = ledger.used + units;
  if (limit.kind !== 'token-bucket') return { ...ledger, used };
  return { ...ledger, used, carried: tokenBucket.taken(limit, deficitOf(ledger), units).scaled };
}

/** Units that count at `nowMs`; may be more than the ceiling, when costs became known afterwards. */
export function counted(limit: Limit, ledger: Ledger, nowMs: number): number {
  switch (limit.kind) {
    case 'fixed-window':
      return ledger.used;
    case 'sliding-window':
      return slidingWindow.counted(limit, { ...ledger, previous: ledger.carried }, nowMs);
    case 'token-bucket':
      return tokenBucket.missing(limit, deficitOf(ledger));
    default:
      return limit satisfies never;
  }
}

/**
 * Until when a ledger matters: to the end of its window, and longer where the next one needs it, or where a replayed claim
 * could still arrive and find nothing that knows it. From then on it is as if it had never been.
 */
export function mattersUntilMs(limit: Limit, ledger: Ledger): number {
  const endMs = ledger.window + lengthMs(limit);
  switch (limit.kind) {
    case 'fixed-window':
      return endMs + Math.min(limit.windowMs, replayMsMax);
    case 'sliding-window':
      return endMs + limit.windowMs;
    case 'token-bucket':
      return Math.max(endMs, ledger.carriedAtMs + Math.ceil(ledger.carried / limit.quota)) + replayMsMax;
    default:
      return limit satisfies never;
  }
}

const replayMsMax = 10_000;

function deficitOf(ledger: Ledger): tokenBucket.Deficit {
  return { scaled: ledger.carried, atMs: ledger.carriedAtMs };
}
