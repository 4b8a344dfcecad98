import type { Lease } from '../limits/lease.ts';

/** One counter of this gateway: its lease, and who waits for how many units of it, in order of arrival. */
export interface Entry<Waiter> {
  readonly lease: Lease;
  readonly waiting: Map<Waiter, number>;
}

export function isDue(entry: Entry<unknown>, nowMs: number): boolean {
  return entry.lease.due(unitsWanted(entry), nowMs);
}

export function unitsWanted(entry: Entry<unknown>): number {
  let wanted = 0;
  for (const cost of entry.waiting.values()) wanted += cost;
  return wanted;
}
