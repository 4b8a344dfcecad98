import type { Alone, AloneAt } from '../limits/alone.ts';
import { remainingOf, resetsInMsOf } from '../limits/counter-standing.ts';
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
  let over: Charge[] | undefined;
  for (const due of dues) {
    const { charge, entry } = due;
    if (entry.lease.available(nowMs) >= charge.needs) continue;
    if (!entry.lease.denies(charge.needs, nowMs)) lacking = true;
    else if (charge.whenOver === 'pass') (over ??= []).push(charge);
    else return refuse(dues, due, { because: 'over-limit', certain: true, nowMs });
  }
  if (lacking) return undefined;
  for (const { charge, entry } of dues) {
    if (entry.lease.spend(charge.cost, nowMs)) runsLow(entry);
  }
  return admitted(dues, over, { certain: true, nowMs });
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
  let over: Charge[] | undefined;
  for (const due of dues) {
    const { charge, entry } = due;
    const isAway = terms.isAway?.(entry) ?? true;
    if (isAway) certain = false;
    const lacking = charge.needs - entry.lease.available(nowMs);
    if (lacking <= 0) continue;
    const because = isAway ? lacksAlone(due, lacking, terms) : lacksClaim(due, nowMs);
    if (because === 'must-claim') mustClaim = true;
    else if (because === 'over-limit' && charge.whenOver === 'pass') (over ??= []).push(charge);
    else if (because !== undefined) return refuse(dues, due, { because, certain: !isAway, nowMs });
  }
  if (mustClaim) return undefined;
  for (const { charge, entry } of dues) {
    const isAway = terms.isAway?.(entry) ?? true;
    const counted = isAway ? Math.min(charge.cost, entry.lease.available(nowMs)) : charge.cost;
    if (entry.lease.spend(counted, nowMs)) terms.runsLow(entry);
    if (counted < charge.cost) terms.aloneOf(entry).spend(charge.cost - counted, terms);
  }
  return admitted(dues, over, { certain, nowMs });
}

/** What a counter lacks that can be asked, and hasn't enough in its lease. */
function lacksClaim<Waiter>({ charge, entry }: Due<Waiter>, nowMs: number): 'over-limit' | 'must-claim' {
  return entry.lease.denies(charge.needs, nowMs) ? 'over-limit' : 'must-claim';
}

/** Why a counter that can't be asked can't pay; undefined when it can. */
function lacksAlone<Waiter>(
  { charge, entry }: Due<Waiter>,
  lacking: number,
  terms: AloneTerms<Waiter>,
): Lacks | undefined {
  const rule = terms.rules[charge.level];
  if (rule === 'deny') return 'store-unavailable';
  const alone = terms.aloneOf(entry);
  if (alone.left(terms) >= lacking || rule === 'allow') return undefined;
  return alone.isBetweenWindows(terms.nowMs) ? 'store-unavailable' : 'over-limit';
}

/** There is no room to keep a lease or no place to wait: only levels that let uncounted requests pass can pay. */
export function undecidable(charges: readonly Charge[], rules: FailureRules): Verdict {
  const standings = charges.map((charge) => {
    return { charge, remaining: 0, resetsInMs: charge.limit.windowMs, window: undefined };
  });
  const refused = standings.find(({ charge }) => rules[charge.level] !== 'allow');
  if (refused === undefined) return { admitted: true, standings, certain: false };
  return { admitted: false, standings, certain: false, refused, because: 'store-unavailable' };
}

type Lacks = Extract<Verdict, { admitted: false }>['because'];

function admitted(
  dues: readonly Due<unknown>[],
  over: readonly Charge[] | undefined,
  { certain, nowMs }: { readonly certain: boolean; readonly nowMs: number },
): Verdict {
  const standings = dues.map((due) => standing(due, nowMs));
  return over === undefined
    ? { admitted: true, standings, certain }
    : { admitted: true, standings, certain, over };
}

function refuse(
  dues: readonly Due<unknown>[],
  refused: Due<unknown>,
  how: {
    readonly because: Lacks;
    readonly certain: boolean;
    readonly nowMs: number;
  },
): Verdict {
  const { because, certain, nowMs } = how;
  const standings = dues.map((due) => standing(due, nowMs));
  return { admitted: false, standings, certain, refused: standing(refused, nowMs), because };
}

function standing({ charge, entry: { lease } }: Due<unknown>, nowMs: number): Standing {
  return {
    charge,
    remaining: remainingOf(charge.limit, lease, nowMs),
    resetsInMs: resetsInMsOf(charge.limit, lease, nowMs),
    window: lease.told.window,
  };
}
