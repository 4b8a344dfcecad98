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

/** Pays, refuses, or returns undefined when a lease has to claim first. */
export function decide(dues: readonly Due<unknown>[], nowMs: number): Verdict | undefined {
  let lacking = false;
  for (const due of dues) {
    const { lease } = due.entry;
    if (lease.available(nowMs) >= due.charge.cost) continue;
    if (lease.denies(nowMs)) return refuse(dues, due, { because: 'over-limit', certain: true, nowMs });
    lacking = true;
  }
  return lacking ? undefined : pay(dues, { certain: true, nowMs });
}

/** Decides without the store, each level by its rule (leases.md, section 5). */
export function decideAlone<Waiter>(
  dues: readonly Due<Waiter>[],
  alone: {
    readonly rules: FailureRules;
    /** Works out what an entry may spend uncounted. */
    readonly takeShare: (entry: Entry<Waiter>) => void;
    readonly nowMs: number;
  },
): Verdict {
  const { rules, takeShare, nowMs } = alone;
  for (const due of dues) {
    const { charge, entry } = due;
    if (entry.lease.available(nowMs) >= charge.cost) continue;
    const rule = rules[charge.level];
    if (rule === 'deny') return refuse(dues, due, { because: 'store-unavailable', certain: false, nowMs });
    takeShare(entry);
    if (rule === 'allow' || entry.lease.availableAlone(nowMs) >= charge.cost) continue;
    return refuse(dues, due, { because: 'over-limit', certain: false, nowMs });
  }
  return pay(dues, { certain: false, nowMs });
}

/** There is no room to keep a lease or no place to wait: only levels that let uncounted requests pass can pay. */
export function undecidable(charges: readonly Charge[], rules: FailureRules): Verdict {
  const standings = charges.map((charge) => ({ charge, remaining: 0, resetsInMs: charge.limit.windowMs }));
  const refused = standings.find(({ charge }) => rules[charge.level] !== 'allow');
  if (refused === undefined) return { admitted: true, standings, certain: false };
  return { admitted: false, standings, certain: false, refused, because: 'store-unavailable' };
}

function pay(
  dues: readonly Due<unknown>[],
  { certain, nowMs }: { readonly certain: boolean; readonly nowMs: number },
): Verdict {
  for (const { charge, entry } of dues) entry.lease.spend(charge.cost);
  return { admitted: true, standings: dues.map((due) => standing(due, nowMs)), certain };
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
  return { charge, remaining: entry.lease.remaining(nowMs), resetsInMs: entry.lease.resetsInMs(nowMs) };
}
