import type { WindowId } from './claim.ts';
import type { FixedWindow } from './limit.ts';

/** The window that starts when a counter is first claimed at `nowMs`. What it hands out is all that counts. */
export function windowAt(limit: FixedWindow, nowMs: number): WindowId {
  return limit.starts === 'aligned' ? nowMs - (nowMs % limit.windowMs) : nowMs;
}
