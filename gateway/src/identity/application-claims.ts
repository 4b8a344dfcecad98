import { unitsMax } from '../limits/limit.ts';
import type { SubscriptionTier } from '../policy/tiers.ts';
import { isMembers, textClaim, type Claims } from './token-claims.ts';

/** What WSO2's self-contained tokens and API keys say of their application. */
export interface ApplicationClaims {
  /** Its UUID, else its number. */
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  /** The name of its application tier. */
  readonly tier: string | undefined;
  readonly subscriptions: readonly {
    readonly name: string;
    readonly version: string;
    readonly tier: string;
  }[];
  /** What the token says of subscription tiers, by name: bursts, bounds of GraphQL, whether they refuse; but never quotas. */
  readonly tiers: ReadonlyMap<string, SubscriptionTier>;
}

/** Reads the claims `application`, `subscribedAPIs` and `tierInfo`; undefined when they make no sense. */
export function readApplicationClaims(claims: Claims): ApplicationClaims | undefined {
  const { application, subscribedAPIs: apis = [], tierInfo = {} } = claims;
  if (!isMembers(application) || !Array.isArray(apis) || !isMembers(tierInfo)) return undefined;
  const id = textClaim(application, 'uuid') ?? numberOrText(application['id']);
  if (id === undefined) return undefined;
  const { tier } = application;
  const tierName = tier === undefined || tier === null ? undefined : textClaim(application, 'tier');
  if (tierName === undefined && tier !== undefined && tier !== null) return undefined;
  return {
    id,
    name: textClaim(application, 'name') ?? id,
    owner: textClaim(application, 'owner') ?? '',
    tier: tierName,
    subscriptions: apis.flatMap((api: unknown) => subscriptionOf(api) ?? []),
    tiers: new Map(Object.entries(tierInfo).map(([name, info]) => [name, tierOf(name, info)])),
  };
}

function subscriptionOf(api: unknown): ApplicationClaims['subscriptions'][number] | undefined {
  if (!isMembers(api)) return undefined;
  const name = textClaim(api, 'name');
  const version = numberOrText(api['version']);
  const tier = textClaim(api, 'subscriptionTier');
  return name === undefined || version === undefined || tier === undefined
    ? undefined
    : { name, version, tier };
}

/** WSO2 takes every unit but `min` for a second (wso2.md 1.3). */
function tierOf(name: string, info: unknown): SubscriptionTier {
  if (!isMembers(info)) return { name };
  const { spikeArrestLimit: units, spikeArrestUnit: unit, stopOnQuotaReach: stops } = info;
  const [depthMax, complexityMax] = [boundOf(info['graphQLMaxDepth']), boundOf(info['graphQLMaxComplexity'])];
  const tier: SubscriptionTier = {
    name,
    ...(stops === false && { whenOver: 'pass' }),
    graphql: { ...(depthMax && { depthMax }), ...(complexityMax && { complexityMax }) },
  };
  if (typeof units !== 'number' || !Number.isInteger(units) || units <= 0 || units > unitsMax) return tier;
  const windowMs = typeof unit === 'string' && unit.toLowerCase() === 'min' ? 60_000 : 1000;
  return { ...tier, burst: { kind: 'fixed-window', quota: units, windowMs, starts: 'first-request' } };
}

/** WSO2 writes 0 where there is no bound. */
function boundOf(written: unknown): number | undefined {
  return typeof written === 'number' && Number.isSafeInteger(written) && written > 0 ? written : undefined;
}

function numberOrText(value: unknown): string | undefined {
  return Number.isSafeInteger(value) ? String(value) : textClaim({ value }, 'value');
}
