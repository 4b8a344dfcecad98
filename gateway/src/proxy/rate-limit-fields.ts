import type { Standing, Verdict } from '../limiter/verdict.ts';

/**
 * The fields that tell a client how it stands, as name, value, …: RateLimit-Policy and RateLimit of
 * draft-ietf-httpapi-ratelimit-headers-10. Empty when there is nothing to tell: no limits, or only the backend's, whose
 * load is no client's business. On a refusal the violated policy comes first.
 */
export function rateLimitFields(verdict: Verdict): readonly string[] {
  let policies = '';
  let states = '';
  for (const standing of violatedFirst(verdict)) {
    const { charge, remaining, resetsInMs } = standing;
    if (charge.level === 'backend') continue;
    const separator = policies === '' ? '' : ', ';
    policies += `${separator}"${charge.level}";q=${integer(charge.limit.quota)};w=${seconds(charge.limit.windowMs)}`;
    states += `${separator}"${charge.level}";r=${integer(remaining)};t=${seconds(resetsInMs)}`;
  }
  return policies === '' ? none : ['RateLimit-Policy', policies, 'RateLimit', states];
}

const none: readonly string[] = [];

function violatedFirst(verdict: Verdict): readonly Standing[] {
  if (verdict.admitted) return verdict.standings;
  const { refused, standings } = verdict;
  return [refused, ...standings.filter(({ charge }) => charge.level !== refused.charge.level)];
}

/** The largest integer a structured field can hold (RFC 9651, section 3.3.1); more than that is as good as no limit. */
function integer(units: number): number {
  return Math.min(units, 999_999_999_999_999);
}

/** Whole seconds, rounded up. */
function seconds(ms: number): number {
  return Math.ceil(ms / 1000);
}
