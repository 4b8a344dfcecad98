import type { Alone } from '../limits/alone.ts';
import type { Lease } from '../limits/lease.ts';

/** One counter of this gateway: its lease, and who waits for how many units of it, in order of arrival. */
export interface Entry<Waiter> {
  readonly lease: Lease;
  waiting: ReadonlyMap<Waiter, number>;
  /** What was decided without the store since it last answered about this counter. */
  alone?: Alone | undefined;
  /** The book has let go of it: another entry may stand for the counter, and this one must not claim any more. */
  forgotten?: true;
}

/** Shared by all entries that nobody waits for: a map of their own would be a third of what they take. */
export const nobody: ReadonlyMap<never, number> = new Map<never, number>();

export function addWaiter<Waiter>(entry: Entry<Waiter>, waiter: Waiter, cost: number): void {
  if (entry.waiting === nobody) entry.waiting = new Map();
  (entry.waiting as Map<Waiter, number>).set(waiter, cost);
}

export function removeWaiter<Waiter>(entry: Entry<Waiter>, waiter: Waiter): void {
  if (entry.waiting.size <= 1) entry.waiting = nobody;
  else (entry.waiting as Map<Waiter, number>).delete(waiter);
}

export function unitsWanted(entry: Entry<unknown>): number {
  let wanted = 0;
  for (const cost of entry.waiting.values()) wanted += cost;
  return wanted;
}
