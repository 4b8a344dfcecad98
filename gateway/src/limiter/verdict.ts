/*
 * limiter/ promises: a request pays all of its charges or none, with units that the store has counted before (leases.md).
 * It keeps this gateway's leases, talks to one CounterStore and decides on its own while that store is away. It knows
 * charges and stores by their ports, but neither HTTP nor what a level means.
 */
import type { WindowId } from '../limits/claim.ts';
import type { Charge } from '../policy/plan.ts';

/** Whether a request may go on. Every charge has its standing, in the order of the charges. */
export type Verdict =
  | {
      readonly admitted: true;
      readonly standings: readonly Standing[];
      /** False when a charge was decided without the store. */
      readonly certain: boolean;
      /** Charges that couldn't be paid and don't refuse; absent when all were paid. */
      readonly over?: readonly Charge[];
    }
  | {
      readonly admitted: false;
      readonly standings: readonly Standing[];
      readonly certain: boolean;
      /** The first charge, in the order of evaluation, that couldn't be paid. */
      readonly refused: Standing;
      readonly because: 'over-limit' | 'store-unavailable';
    };

/** What a charge that was paid, or passed over its limit, has cost in all. */
export interface Settlement {
  readonly paid: Standing;
  /** Whole units; those of `paid.charge.cost` among them. */
  readonly cost: number;
}

/** How one counter stands after the decision, as far as this gateway knows. */
export interface Standing {
  readonly charge: Charge;
  /** Units the cluster has left in the window, rounded down; other gateways may have taken some since. */
  readonly remaining: number;
  /** Until the window is over, in ms; a full window when none runs. */
  readonly resetsInMs: number;
  /** The window the charge was paid in, as the store names it; undefined when none is known. */
  readonly window?: WindowId | undefined;
}
