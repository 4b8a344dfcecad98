import type { Alone } from '../limits/alone.ts';
import type { Wants } from '../limits/claim.ts';
import type { Lease } from '../limits/lease.ts';
import type { Charge } from '../policy/plan.ts';

/** One counter of this gateway: its lease, and who waits for units of it, in order of arrival. */
export interface Entry<Waiter> {
  readonly lease: Lease;
  waiting: readonly Wait<Waiter>[];
  /** What was decided without the store since it last answered about this counter. */
  alone?: Alone | undefined;
  /** The book has let go of it: another entry may stand for the counter, and this one must not claim any more. */
  forgotten?: true;
}

interface Wait<Waiter> {
  readonly waiter: Waiter;
  readonly charge: Charge;
}

/** Shared by all entries that nobody waits for. */
export const nobody: readonly never[] = [];

export function addWaiter<Waiter>(entry: Entry<Waiter>, waiter: Waiter, charge: Charge): void {
  if (entry.waiting === nobody) entry.waiting = [{ waiter, charge }];
  else (entry.waiting as Wait<Waiter>[]).push({ waiter, charge });
}

export function removeWaiter<Waiter>(entry: Entry<Waiter>, leaving: Waiter): void {
  const waiting = entry.waiting as Wait<Waiter>[];
  // Nearly always who came first leaves first.
  if (waiting[0]?.waiter === leaving) waiting.shift();
  else entry.waiting = waiting.filter(({ waiter }) => waiter !== leaving);
  if (entry.waiting.length === 0) entry.waiting = nobody;
}

/** Units that requests wait for, and how many help the first of them. */
export function wantsOf(entry: Entry<unknown>): Wants {
  let wanted = 0;
  for (const { charge } of entry.waiting) wanted += Math.max(charge.cost, charge.needs);
  return { wanted, usefulFrom: entry.waiting[0]?.charge.needs ?? 0 };
}
