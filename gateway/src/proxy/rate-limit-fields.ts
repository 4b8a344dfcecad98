import type { Level } from '../policy/levels.ts';
import { measureSuffixes } from '../policy/measure.ts';
import type { Charge } from '../policy/plan.ts';
import type { Standing, Verdict } from '../limiter/verdict.ts';

/**
 * The fields that tell a client how it stands, as name, value, …: RateLimit-Policy and RateLimit of
 * draft-ietf-httpapi-ratelimit-headers-10. Empty when there is nothing to tell: no limits, or only the backend's, whose
 * load is no client's business. On a refusal the violated policy comes first. `planned` is the policy of what the request was
 * charged, where that was written before.
 */
export function rateLimitFields(verdict: Verdict, planned?: string): readonly string[] {
  const standings = violatedFirst(verdict);
  const policy =
    planned !== undefined && verdict.admitted
      ? planned
      : rateLimitPolicy(standings.map(({ charge }) => charge));
  if (policy === '') return none;
  let states = '';
  for (const { charge, remaining, resetsInMs } of standings) {
    if (charge.level === 'backend') continue;
    const start = isPlain(charge) ? starts[charge.level] : `"${nameOf(charge)}";r=`;
    states += `${states === '' ? '' : ', '}${start}${integer(remaining)};t=${seconds(resetsInMs)}`;
  }
  return ['RateLimit-Policy', policy, 'RateLimit', states];
}

/** The value of RateLimit-Policy for what a request is charged; empty when there is nothing to tell. */
export function rateLimitPolicy(charges: readonly Charge[]): string {
  return charges
    .filter(({ level }) => level !== 'backend')
    .map((charge) => {
      const { limit, measure } = charge;
      const unit = measure === 'request-bytes' ? ';qu="content-bytes"' : '';
      return `"${nameOf(charge)}";q=${integer(limit.quota)}${unit};w=${seconds(limit.windowMs)}`;
    })
    .join(', ');
}

/** What a charge is called in the fields, as the inside of a structured field's string (RFC 9651, section 3.3.3). */
function nameOf({ level, rule, measure }: Charge): string {
  const name = level + measureSuffixes[measure];
  return rule === undefined ? name : `${name}-${rule.replace(/[^ !#-[\]-~]/g, '_')}`;
}

function isPlain({ rule, measure }: Charge): boolean {
  return rule === undefined && measure === 'requests';
}

/** What stands before the units left where requests are counted. */
const starts: Readonly<Record<Level, string>> = {
  api: '"api";r=',
  operation: '"operation";r=',
  subscription: '"subscription";r=',
  burst: '"burst";r=',
  application: '"application";r=',
  'application-burst': '"application-burst";r=',
  custom: '"custom";r=',
  backend: '"backend";r=',
};

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
