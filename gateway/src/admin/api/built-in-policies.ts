import type { Quota } from '../../policy/measure.ts';
import {
  builtInAdvancedPolicies,
  builtInApplicationTiers,
  builtInSubscriptionTiers,
} from '../../policy/tiers.ts';
import type { Payload } from './payload.ts';
import { type PolicyKind, policyKinds } from './policy-kinds.ts';

interface BuiltInPolicy {
  readonly kind: PolicyKind;
  readonly name: string;
  readonly data: Payload;
}

/** How WSO2 writes that there is no limit. */
const unlimited = 2_147_483_647;

/** The policies that every home has, as WSO2's API shows its own. */
export function builtInPolicies(): readonly BuiltInPolicy[] {
  const of = (kindName: PolicyKind['name'], tiers: readonly Tier[]): readonly BuiltInPolicy[] => {
    const kind = policyKinds.find(({ name }) => name === kindName);
    if (kind === undefined) return [];
    const more = kindName === 'subscription' ? { stopOnQuotaReach: true, billingPlan: 'FREE' } : {};
    return tiers.map(({ name, quotas = [], subscribersMax }) => ({
      kind,
      name,
      data: {
        displayName: name,
        description: 'Built in',
        defaultLimit: defaultLimit(quotas[0]),
        ...more,
        ...(subscribersMax !== undefined && { subscriberCount: subscribersMax }),
      },
    }));
  };
  return [
    ...of('application', builtInApplicationTiers),
    ...of('subscription', builtInSubscriptionTiers),
    ...of(
      'advanced',
      builtInAdvancedPolicies.map(({ name, limits: quotas = [] }) => ({ name, quotas })),
    ),
  ];
}

interface Tier {
  readonly name: string;
  readonly quotas?: readonly Quota[];
  readonly subscribersMax?: number;
}

/** Built-in policies count requests or events, or nothing. */
function defaultLimit(quota: Quota | undefined): Payload {
  const unitTime = quota === undefined ? 1 : quota.limit.windowMs / 60_000;
  const units = quota?.limit.quota ?? unlimited;
  if (quota?.measure === 'events') {
    return { type: 'EVENTCOUNTLIMIT', eventCount: { timeUnit: 'min', unitTime, eventCount: units } };
  }
  return { type: 'REQUESTCOUNTLIMIT', requestCount: { timeUnit: 'min', unitTime, requestCount: units } };
}
