import type { WindowId } from './claim.ts';
import type { FixedWindow } from './limit.ts';

/** The window that starts when a counter is first claimed at `nowMs`. */
export function windowAt(limit: FixedWindow, nowMs: number): WindowId {
  return limit.starts === 'aligned' ? nowMs - (nowMs % limit.windowMs) : nowMs;
}

/**
 * Whether a window is still open. A window that lies ahead of the clock counts as open for up to one window length: the
 * store's clock was set back a little, and a window that was used must not be forgotten for it. Further ahead it is
 * over, or a clock that was hours wrong would keep counters shut for hours.
 */
export function isOpen(limit: FixedWindow, window: WindowId, nowMs: number): boolean {
  return Math.abs(nowMs - window) < limit.windowMs;
}

/** Milliseconds until an open window is over. */
export function endsInMs(limit: FixedWindow, window: WindowId, nowMs: number): number {
  return window + limit.windowMs - nowMs;
}
