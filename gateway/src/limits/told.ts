import type { Grant, WindowId } from './claim.ts';
import { neverMs } from './clock.ts';

/** What a gateway knows of a counter's window. Times are whole ms of its monotonic clock. */
export interface Told {
  /** None before the first answer. Kept after its end: the ledger may still run it for the length of a round trip. */
  readonly window: WindowId | undefined;
  /** Before this the store's window surely runs, whatever any clock says: counted from when the claim was sent. */
  readonly deadlineMs: number;
  /** From this on it is surely over: counted from when the answer came. */
  readonly overMs: number;
  /** Units that count for all gateways. */
  readonly used: number;
  /** When the claim was sent that was answered last. */
  readonly atMs: number;
}

export const nothingTold: Told = {
  window: undefined,
  deadlineMs: neverMs,
  overMs: neverMs,
  used: 0,
  atMs: neverMs,
};

/** What a grant tells that answers, now, a claim sent at `sentAtMs`. */
export function toldBy(
  { window, used, endsInMs }: Grant,
  { sentAtMs, nowMs }: { readonly sentAtMs: number; readonly nowMs: number },
): Told {
  // The store counts whole milliseconds: its window may end up to one earlier, or later, than it says.
  return { window, used, atMs: sentAtMs, deadlineMs: sentAtMs + endsInMs - 1, overMs: nowMs + endsInMs + 1 };
}
