import type { Limit } from '../limits/limit.ts';

/** A business plan: what one application may send to one API. An absent limit is no limit. */
export interface SubscriptionTier {
  readonly name: string;
  readonly quota?: Limit;
  readonly burst?: Limit;
}

/** What one user of one application may send in all. */
export interface ApplicationTier {
  readonly name: string;
  readonly quota?: Limit;
  readonly burst?: Limit;
}

/** A policy for a whole API or for one operation, over all consumers. */
export interface AdvancedPolicy {
  readonly name: string;
  readonly limit?: Limit;
}

/** The plans every WSO2 installation has and that count requests (wso2.md 1.14). */
export const builtInSubscriptionTiers: readonly SubscriptionTier[] = [
  { name: 'Bronze', quota: perMinute(1000) },
  { name: 'Silver', quota: perMinute(2000) },
  { name: 'Gold', quota: perMinute(5000) },
  { name: 'DefaultSubscriptionless', quota: perMinute(10_000) },
  { name: 'Unauthenticated', quota: perMinute(500) },
  { name: 'Unlimited' },
];

export const builtInApplicationTiers: readonly ApplicationTier[] = [
  { name: '10PerMin', quota: perMinute(10) },
  { name: '20PerMin', quota: perMinute(20) },
  { name: '50PerMin', quota: perMinute(50) },
  { name: 'Unlimited' },
];

export const builtInAdvancedPolicies: readonly AdvancedPolicy[] = [
  { name: '10KPerMin', limit: perMinute(10_000) },
  { name: '20KPerMin', limit: perMinute(20_000) },
  { name: '50KPerMin', limit: perMinute(50_000) },
  { name: 'Unlimited' },
];

function perMinute(quota: number): Limit {
  return { kind: 'fixed-window', quota, windowMs: 60_000, starts: 'aligned' };
}
