import type { Standing, Verdict } from '../limiter/verdict.ts';
import type { Charge } from '../policy/plan.ts';
import { causes, overLimit, type Refusal } from './refusal.ts';

/** The port to the limiter. Answers at once when it can; never rejects. */
export interface Admission {
  admit(charges: readonly Charge[]): Verdict | Promise<Verdict>;
}

const unlimited: Verdict = { admitted: true, standings: [], certain: true };
/** A limiter that can't decide now may be able to a moment later. */
export const undecided: Refusal = { cause: causes.undecided, retryAfterMs: 1000 };

/** Asks whether the request can pay its limits. A promise only when the limiter has to wait for the store. */
export function admit(charges: readonly Charge[], admission: Admission): Verdict | Promise<Verdict> {
  return charges.length === 0 ? unlimited : admission.admit(charges);
}

/** What a request that couldn't pay is told. */
export function refusalOf(verdict: Extract<Verdict, { admitted: false }>): Refusal {
  return verdict.because === 'store-unavailable' ? undecided : exceeded(verdict.refused);
}

function exceeded({ charge, resetsInMs }: Standing): Refusal {
  const cause = overLimit[charge.level];
  // WSO2 tells the time for quotas only; it is known for bursts as well. A backend's load is nobody's business, and a
  // limit below one request admits nobody at any time.
  const told = charge.level !== 'backend' && charge.limit.quota >= charge.needs;
  return { cause, retryAfterMs: resetsInMs, ...(told && { accessInMs: resetsInMs }) };
}
