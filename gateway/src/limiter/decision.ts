import type { Alone, AloneAt } from '../limits/alone.ts';
import { standingOf } from '../limits/counter-standing.ts';
import type { Level, OnStoreFailure } from '../policy/levels.ts';
import type { Charge } from '../policy/plan.ts';
import type { Entry } from './entry.ts';
import type { Standing, Verdict } from './verdict.ts';

/** One charge of a request beside the lease that is to pay it. */
export interface Due<Waiter> {
  readonly charge: Charge;
  readonly entry: Entry<Waiter>;
}

export type FailureRules = Readonly<Record<Level, OnStoreFailure>>;

/**
 * Pays, refuses, or returns undefined when a lease has to claim first. `runsLow` is told of leases that should claim ahead of
 * the next requests.
 */
export function decide<Waiter>(
  dues: readonly Due<Waiter>[],
  nowMs: number,
  runsLow: (entry: Entry<Waiter>) => void,
): Verdict | undefined {
  let lacking = false;
  for (const due of dues) {
    const { lease } = due.entry;
    if (lease.available(nowMs) >= due.charge.cost) continue;
    if (lease.denies(nowMs)) return refuse(dues, due, { because: 'over-limit', certain: true, nowMs });
    lacking = true;
  }
  if (lacking) return undefined;
  for (const { charge, entry } of dues) {
    if (entry.lease.spend(charge.cost, nowMs)) runsLow(entry);
  }
  return { admitted: true, standings: dues.map((due) => standing(due, nowMs)), certain: true };
}

/** What a decision without the store needs to know and do. */
export interface AloneTerms<Waiter> extends AloneAt {
  readonly rules: FailureRules;
  /** The entry's account of what is decided alone, made when missing. */
  readonly aloneOf: (entry: Entry<Waiter>) => Alone;
  readonly runsLow: (entry: Entry<Waiter>) => void;
}

/** Which counters are decided without the store; the others are on parts of it that answer. */
export interface PartTerms<Waiter> extends AloneTerms<Waiter> {
  readonly isAway: (entry: Entry<Waiter>) => boolean;
}

/** Decides without the store, each level by its rule (leases.md, section 5). */
export function decideAlone<Waiter>(dues: readonly Due<Waiter>[], terms: AloneTerms<Waiter>): Verdict;
/** Decides so about counters that are away, and about the others as `decide` does: undefined when one of them has to claim first. */
export function decideAlone<Waiter>(
  dues: readonly Due<Waiter>[],
  terms: PartTerms<Waiter>,
): Verdict | undefined;
export function decideAlone<Waiter>(
  dues: readonly Due<Waiter>[],
  terms: AloneTerms<Waiter> & Partial<PartTerms<Waiter>>,
): Verdict | undefined {
  const { nowMs } = terms;
  let mustClaim = false;
  let certain = true;
  for (const due of dues) {
    const { charge, entry } = due;
    const isAway = terms.isAway?.(entry) ?? true;
    if (isAway) certain = false;
    const lacking = charge.cost - entry.lease.available(nowMs);
    if (lacking <= 0) continue;
    if (!isAway) {
      if (entry.lease.denies(nowMs))
        return refuse(dues, due, { because: 'over-limit', certain: true, nowMs });
      mustClaim = true;
      continue;
    }
    const rule = terms.rules[charge.level];
    if (rule === 'deny') return refuse(dues, due, { because: 'store-unavailable', certain: false, nowMs });
    const alone = terms.aloneOf(entry);
    if (alone.left(terms) >= lacking || rule === 'allow') continue;
    const because = alone.isBetweenWindows(nowMs) ? 'store-unavailable' : 'over-limit';
    return refuse(dues, due, { because, certain: false, nowMs });
  }
  if (mustClaim) return undefined;
  for (const { charge, entry } of dues) {
    const counted = Math.min(charge.cost, entry.lease.available(nowMs));
    if (entry.lease.spend(counted, nowMs)) terms.runsLow(entry);
    if (counted < charge.cost) terms.aloneOf(entry).spend(charge.cost - counted, terms);
  }
  return { admitted: true, standings: dues.map((due) => standing(due, nowMs)), certain };
}

/** There is no room to keep a lease or no place to wait: only levels that let uncounted requests pass can pay. */
export function undecidable(charges: readonly Charge[], rules: FailureRules): Verdict {
  const standings = charges.map((charge) => ({ charge, remaining: 0, resetsInMs: charge.limit.windowMs }));
  const refused = standings.find(({ charge }) => rules[charge.level] !== 'allow');
  if (refused === undefined) return { admitted: true, standings, certain: false };
  return { admitted: false, standings, certain: false, refused, because: 'store-unavailable' };
}

function refuse(
  dues: readonly Due<unknown>[],
  refused: Due<unknown>,
  how: {
    readonly because: 'over-limit' | 'store-unavailable';
    readonly certain: boolean;
    readonly nowMs: number;
  },
): Verdict {
  const { because, certain, nowMs } = how;
  const standings = dues.map((due) => standing(due, nowMs));
  return { admitted: false, standings, certain, refused: standing(refused, nowMs), because };
}

function standing({ charge, entry }: Due<unknown>, nowMs: number): Standing {
  const { remaining, resetsInMs } = standingOf(charge.limit, entry.lease.view, nowMs);
  return { charge, remaining, resetsInMs };
}
