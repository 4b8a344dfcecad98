import { policyOf } from './plan.ts';
import { subscribedAs } from './product.ts';
import type { RequestFacts } from './request-facts.ts';
import { contextOf, superTenant, tenantOf, userAt } from './tenant.ts';

/** What custom rules may compare: the fields of WSO2's RequestStream that a gateway knows. */
export const ruleFieldNames = [
  'appKey',
  'appTier',
  'apiKey',
  'apiTier',
  'subscriptionKey',
  'subscriptionTier',
  'resourceKey',
  'resourceTier',
  'userId',
  'apiContext',
  'apiVersion',
  'appTenant',
  'apiTenant',
  'appId',
  'apiName',
] as const;

export type RuleField = (typeof ruleFieldNames)[number];

/** Absent for callers that are anonymous, as far as it is about them, and where there is no such policy. */
export type RuleFields = Readonly<Record<RuleField, string | undefined>>;

/** The fields of a request, spelled as in WSO2 (wso2.md 1.2). */
export function ruleFields(facts: RequestFacts): RuleFields {
  const { api, operation } = facts;
  const apiContext = contextOf(api);
  const apiKey = `${apiContext}:${api.version}`;
  // A policy of the whole API stands in the place of those of its operations.
  const resourceKey = api.policy
    ? apiKey
    : `${apiContext}/${api.version}${operation.target}:${operation.verb}`;
  return {
    ...consumerFields(facts, apiKey),
    apiKey,
    apiTier: api.policy?.name,
    subscriptionTier: facts.consumer.tier.name,
    resourceKey,
    resourceTier: policyOf(facts)?.name ?? 'Unlimited',
    apiContext,
    apiVersion: api.version,
    apiTenant: tenantOf(api),
    apiName: api.name,
  };
}

type ConsumerFields = Pick<
  RuleFields,
  'appKey' | 'appTier' | 'subscriptionKey' | 'userId' | 'appTenant' | 'appId'
>;

function consumerFields({ api, consumer }: RequestFacts, apiKey: string): ConsumerFields {
  if (consumer.kind === 'anonymous') {
    const nothing = { appKey: undefined, appTier: undefined, subscriptionKey: undefined };
    return { ...nothing, userId: undefined, appTenant: undefined, appId: undefined };
  }
  const { application, user, tier } = consumer;
  const userId = userAt(user, tenantOf(api));
  const subscribed = api.product === undefined ? apiKey : subscribedAs(api).join(':');
  return {
    appKey: `${application.id}:${userId}`,
    appTier: application.tier.name,
    subscriptionKey: `${application.id}:${subscribed}:${tier.name}`,
    userId,
    appTenant: /@([^@]+)$/.exec(application.owner)?.[1] ?? superTenant,
    appId: application.id,
  };
}
