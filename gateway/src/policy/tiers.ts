import type { Limit } from '../limits/limit.ts';
import type { Condition } from './conditions.ts';
import { requestQuota, type Quota } from './measure.ts';

/** A business plan: what one application may send to one API. Without quotas, or a burst, there is no such limit. */
export interface SubscriptionTier {
  readonly name: string;
  /** Each holds for itself: a quota of AI tokens is up to four. */
  readonly quotas?: readonly Quota[];
  readonly burst?: Limit;
  /** `pass`: what exceeds quotas or burst goes on, marked and counted. Absent is `refuse`. */
  readonly whenOver?: WhenOver;
  /** How much one GraphQL request may ask for. */
  readonly graphql?: GraphqlBounds;
  /** How many callbacks may be subscribed to the topics of one WebSub API. */
  readonly subscribersMax?: number;
}

/** An absent bound is none (wso2.md 1.9). */
export interface GraphqlBounds {
  readonly depthMax?: number;
  readonly complexityMax?: number;
}

export type WhenOver = 'refuse' | 'pass';

/** What one user of one application may send in all. */
export interface ApplicationTier {
  readonly name: string;
  readonly quotas?: readonly Quota[];
  readonly burst?: Limit;
}

/** A policy for a whole API or for one operation, over all consumers. */
export interface AdvancedPolicy {
  readonly name: string;
  /** Counts each user apart, instead of all consumers together. */
  readonly perUser?: boolean;
  /** For requests that belong to no group. */
  readonly limits?: readonly Quota[];
  /** The first one that a request fulfils has its limits, and counters of its own. */
  readonly groups?: readonly ConditionalGroup[];
}

/** Limits for requests that fulfil all of its conditions. */
export interface ConditionalGroup {
  readonly conditions: readonly Condition[];
  readonly limits?: readonly Quota[];
}

const dayMs = 86_400_000;
/** As long as Siddhi's, in which WSO2 counts. */
const monthMs = 30 * dayMs;

/** The plans every WSO2 installation has (wso2.md 1.14), but for those of AI, whose values it doesn't publish. */
export const builtInSubscriptionTiers: readonly SubscriptionTier[] = [
  { name: 'Bronze', quotas: perMinute(1000) },
  { name: 'Silver', quotas: perMinute(2000) },
  { name: 'Gold', quotas: perMinute(5000) },
  { name: 'DefaultSubscriptionless', quotas: perMinute(10_000) },
  { name: 'Unauthenticated', quotas: perMinute(500) },
  { name: 'Unlimited' },
  { name: 'AsyncGold', quotas: events(50_000, dayMs) },
  { name: 'AsyncSilver', quotas: events(25_000, dayMs) },
  { name: 'AsyncBronze', quotas: events(5000, dayMs) },
  { name: 'AsyncDefaultSubscriptionless', quotas: events(10_000, dayMs) },
  { name: 'AsyncUnlimited' },
  { name: 'AsyncWHGold', quotas: events(10_000, monthMs), subscribersMax: 1000 },
  { name: 'AsyncWHSilver', quotas: events(5000, monthMs), subscribersMax: 500 },
  { name: 'AsyncWHBronze', quotas: events(1000, monthMs), subscribersMax: 100 },
  { name: 'AsyncWHUnlimited' },
];

export const builtInApplicationTiers: readonly ApplicationTier[] = [
  { name: '10PerMin', quotas: perMinute(10) },
  { name: '20PerMin', quotas: perMinute(20) },
  { name: '50PerMin', quotas: perMinute(50) },
  { name: 'Unlimited' },
];

export const builtInAdvancedPolicies: readonly AdvancedPolicy[] = [
  { name: '10KPerMin', limits: perMinute(10_000) },
  { name: '20KPerMin', limits: perMinute(20_000) },
  { name: '50KPerMin', limits: perMinute(50_000) },
  { name: 'Unlimited' },
];

function events(quota: number, windowMs: number): readonly Quota[] {
  return [{ measure: 'events', limit: { kind: 'fixed-window', quota, windowMs, starts: 'aligned' } }];
}

function perMinute(quota: number): readonly Quota[] {
  return [requestQuota({ kind: 'fixed-window', quota, windowMs: 60_000, starts: 'aligned' })];
}
