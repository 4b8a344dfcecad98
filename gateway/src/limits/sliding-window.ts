import type { WindowId } from './claim.ts';
import type { SlidingWindow } from './limit.ts';

export function windowAt(limit: SlidingWindow, nowMs: number): WindowId {
  return nowMs - (nowMs % limit.windowMs);
}

/** What the window before counted, if the ledger's window is the one before; of an older one nothing counts any more. */
export function previousOf(
  limit: SlidingWindow,
  old: { readonly window: WindowId; readonly used: number },
  window: WindowId,
): number {
  return old.window === window - limit.windowMs ? old.used : 0;
}

/**
 * Units that count now: this window's, and of the window before the share that lies within the last `windowMs`, rounded up.
 * The sum only falls while a window runs and nothing is handed out, so what was granted stays within the quota.
 */
export function counted(
  limit: SlidingWindow,
  ledger: { readonly window: WindowId; readonly used: number; readonly previous: number },
  nowMs: number,
): number {
  const insideMs = Math.min(limit.windowMs, ledger.window + limit.windowMs - nowMs);
  return ledger.used + Math.ceil((ledger.previous * insideMs) / limit.windowMs);
}
