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

/**
 * What the fields say of requests that are charged the same: written once, but for the units left and the seconds until they
 * change. Those are numbers that change little from one request to the next, so only digits that differ are written anew.
 */
export class RateLimitText {
  /** The value of RateLimit-Policy; empty when there is nothing to tell. */
  readonly policy: string;
  /** Positions of the charges that are told. */
  readonly #told: readonly number[];
  readonly #names: readonly string[];
  /** Units and seconds of each as they stand in the text, and where the digits of each end. */
  readonly #numbers: number[] = [];
  readonly #ends: number[] = [];
  #text: Buffer = nothing;

  constructor(charges: readonly Charge[]) {
    const told = [...charges.entries()].filter(([, { level }]) => level !== 'backend');
    this.policy = told.map(([, charge]) => policyOf(charge)).join(', ');
    this.#told = told.map(([at]) => at);
    this.#names = told.map(([, charge]) => `"${nameOf(charge)}";r=`);
  }

  /** The value of RateLimit for how these charges stand. */
  states(standings: readonly Standing[]): string {
    let fits = this.#text !== nothing;
    for (let index = 0; index < this.#told.length; index += 1) {
      const standing = standings[this.#told[index] ?? 0];
      if (standing === undefined) continue;
      fits = this.#put(2 * index, integer(standing.remaining)) && fits;
      fits = this.#put(2 * index + 1, seconds(standing.resetsInMs)) && fits;
    }
    if (!fits) this.#write();
    return this.#text.toString('latin1');
  }

  /** Puts a number in the place of another one; false when it has more digits or fewer. */
  #put(place: number, number: number): boolean {
    let before = this.#numbers[place] ?? -1;
    this.#numbers[place] = number;
    let rest = number;
    let at = this.#ends[place] ?? 0;
    while (rest !== before && rest > 0 && before > 0) {
      const tens = Math.floor(rest / 10);
      at -= 1;
      this.#text[at] = 48 + rest - 10 * tens;
      rest = tens;
      before = Math.floor(before / 10);
    }
    return rest === before;
  }

  #write(): void {
    let text = '';
    for (const [index, name] of this.#names.entries()) {
      text += `${index === 0 ? '' : ', '}${name}${this.#numbers[2 * index]}`;
      this.#ends[2 * index] = text.length;
      text += `;t=${this.#numbers[2 * index + 1]}`;
      this.#ends[2 * index + 1] = text.length;
    }
    this.#text = Buffer.from(text, 'latin1');
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
const nothing: Buffer = Buffer.alloc(0);

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
