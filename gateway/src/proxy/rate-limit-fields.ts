import { measureSuffixes } from '../policy/measure.ts';
import type { Charge } from '../policy/plan.ts';
import type { Standing, Verdict } from '../limiter/verdict.ts';

/**
 * The fields that tell a client how it stands, as name, value, …: RateLimit-Policy and RateLimit of
 * draft-ietf-httpapi-ratelimit-headers-10. Empty when there is nothing to tell: no limits, or only the backend's, whose
 * load is no client's business. On a refusal the violated policy comes first. `planned` is the text of what the request was
 * charged, where that was written before.
 */
export function rateLimitFields(verdict: Verdict, planned?: RateLimitText): readonly string[] {
  const standings = violatedFirst(verdict);
  const text =
    planned !== undefined && verdict.admitted
      ? planned
      : new RateLimitText(standings.map(({ charge }) => charge));
  if (text.policy === '') return none;
  return ['RateLimit-Policy', text.policy, 'RateLimit', text.states(standings)];
}

/** What the fields say of requests that are charged the same: written once, but for the units left, and for the seconds until they change. */
export class RateLimitText {
  /** The value of RateLimit-Policy; empty when there is nothing to tell. */
  readonly policy: string;
  /** Positions of the charges that are told. */
  readonly #told: readonly number[];
  readonly #names: readonly string[];
  /** For each of them what stands behind its units, the next one's name included, and the seconds that it tells. */
  readonly #tails: string[] = [];
  readonly #seconds: number[] = [];

  constructor(charges: readonly Charge[]) {
    const told = [...charges.entries()].filter(([, { level }]) => level !== 'backend');
    this.policy = told.map(([, charge]) => policyOf(charge)).join(', ');
    this.#told = told.map(([at]) => at);
    this.#names = told.map(([, charge]) => `"${nameOf(charge)}";r=`);
  }

  /** The value of RateLimit for how these charges stand. */
  states(standings: readonly Standing[]): string {
    let text = this.#names[0] ?? '';
    for (let index = 0; index < this.#told.length; index += 1) {
      const standing = standings[this.#told[index] ?? 0];
      if (standing === undefined) break;
      text += `${integer(standing.remaining)}${this.#tail(index, seconds(standing.resetsInMs))}`;
    }
    return text;
  }

  #tail(index: number, toldSeconds: number): string {
    const known = this.#tails[index];
    if (known !== undefined && this.#seconds[index] === toldSeconds) return known;
    const next = this.#names[index + 1];
    const tail = `;t=${toldSeconds}${next === undefined ? '' : `, ${next}`}`;
    this.#tails[index] = tail;
    this.#seconds[index] = toldSeconds;
    return tail;
  }
}

function policyOf(charge: Charge): string {
  const { limit, measure } = charge;
  const unit = measure === 'request-bytes' ? ';qu="content-bytes"' : '';
  return `"${nameOf(charge)}";q=${integer(limit.quota)}${unit};w=${seconds(limit.windowMs)}`;
}

/** What a charge is called in the fields, as the inside of a structured field's string (RFC 9651, section 3.3.3). */
function nameOf({ level, rule, measure }: Charge): string {
  const name = level + measureSuffixes[measure];
  return rule === undefined ? name : `${name}-${rule.replace(/[^ !#-[\]-~]/g, '_')}`;
}

const none: readonly string[] = [];

function violatedFirst(verdict: Verdict): readonly Standing[] {
  if (verdict.admitted) return verdict.standings;
  const { refused, standings } = verdict;
  return [refused, ...standings.filter(({ charge }) => charge.key !== refused.charge.key)];
}

/** The largest integer a structured field can hold (RFC 9651, section 3.3.1); more than that is as good as no limit. */
function integer(units: number): number {
  return Math.min(units, 999_999_999_999_999);
}

/** Whole seconds, rounded up. */
function seconds(ms: number): number {
  return Math.ceil(ms / 1000);
}
