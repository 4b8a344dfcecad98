import * as z from 'zod';
import type { Condition } from '../policy/conditions.ts';
import type { Quota } from '../policy/measure.ts';
import type {
  AdvancedPolicy,
  ApplicationTier,
  ConditionalGroup,
  GraphqlBounds,
  SubscriptionTier,
} from '../policy/tiers.ts';
import { checkFields, checkValue } from './check-value.ts';
import { conditionsSchema, readConditions } from './conditions.ts';
import type { Place } from './diagnostic.ts';
import { anyMapping, flag, listOf, mapping, oneOf, text, wholeNumber } from './expected.ts';
import { burstLimit, burstShape } from './policy-windows.ts';
import { quotaSchema, readQuotas, type StatedQuota } from './quotas.ts';
import type { Path, SourceFile } from './source-file.ts';
import type { ThrottlingSwitches } from './throttling-table.ts';

/** A policy, and where its file states its name. */
export interface PolicyEntry<Policy> {
  readonly policy: Policy;
  readonly at: Place;
}

export type PolicyFile =
  | { readonly kind: 'subscription'; readonly entry: PolicyEntry<SubscriptionTier> }
  | { readonly kind: 'application'; readonly entry: PolicyEntry<ApplicationTier> }
  | { readonly kind: 'advanced'; readonly entry: PolicyEntry<AdvancedPolicy> }
  /** Nothing names it; custom-rule.ts reads it. */
  | { readonly kind: 'custom' };

/** Reads one throttling policy as apictl exports it (wso2.md 4.1). Gives nothing when it has errors, which are reported. */
export function readPolicy(source: SourceFile, switches: ThrottlingSwitches): PolicyFile | undefined {
  const envelope = checkValue(source, envelopeSchema, []);
  switch (envelope?.subtype) {
    case 'subscription policy':
      return readSubscriptionPolicy(source);
    case 'application policy':
      return readApplicationPolicy(source);
    case 'advanced policy':
      return readAdvancedPolicy(source, switches);
    case 'custom rule':
      return { kind: 'custom' };
    case undefined:
      return undefined;
  }
}

const envelopeSchema = mapping({
  type: oneOf(['throttling policy']),
  subtype: oneOf(['subscription policy', 'application policy', 'advanced policy', 'custom rule']),
  version: z.unknown().optional(),
  data: anyMapping('the policy, a mapping'),
});

const policyName = text({ expected: 'the name of the policy, 1 to 60 characters', charactersMax: 60 });

const informative = ['policyId', 'displayName', 'description', 'isDeployed', 'type'];

const subscriptionSchema = mapping(
  {
    policyName,
    defaultLimit: quotaSchema,
    ...burstShape,
    stopOnQuotaReach: flag().nullish(),
    graphQLMaxComplexity: wholeNumber(0, 1_000_000_000).nullish(),
    graphQLMaxDepth: wholeNumber(0, 1_000_000_000).nullish(),
    subscriberCount: wholeNumber(0, 1_000_000_000_000).nullish(),
  },
  [...informative, 'monetization', 'customAttributes', 'billingPlan', 'permissions'],
);

const applicationSchema = mapping(
  { policyName, defaultLimit: quotaSchema, burstLimit: mapping(burstShape).nullish() },
  [...informative, 'customAttributes'],
);

const groupSchema = mapping({ conditions: conditionsSchema, limit: quotaSchema }, ['description']);

const advancedSchema = mapping(
  {
    policyName,
    defaultLimit: quotaSchema,
    userLevel: flag().nullish(),
    conditionalGroups: listOf(groupSchema, '0 to 100 conditional groups', { to: 100 }).nullish(),
  },
  informative,
);

/** WSO2's own tiers without a limit have none, whatever their files say. */
const unlimitedTier = /^(?:async(?:wh)?)?unlimited$/i;

function readSubscriptionPolicy(source: SourceFile): PolicyFile | undefined {
  const data = checkFields(source, subscriptionSchema, ['data']);
  const quotas = readQuota(source, data.defaultLimit);
  const burst = burstLimit(source, ['data'], data);
  if (data.stopOnQuotaReach === undefined || data.stopOnQuotaReach === null) noteMissingStop(source);
  if (data.policyName === undefined || quotas === undefined) return undefined;
  const name = data.policyName;
  const graphql = graphqlBounds(data);
  const subscribersMax = unlimitedTier.test(name) ? undefined : (data.subscriberCount ?? undefined);
  const policy: SubscriptionTier = {
    name,
    quotas,
    ...(burst && { burst }),
    ...(data.stopOnQuotaReach === false && { whenOver: 'pass' }),
    ...(graphql && { graphql }),
    ...(subscribersMax !== undefined && { subscribersMax }),
  };
  return { kind: 'subscription', entry: { policy, at: nameAt(source) } };
}

/** WSO2 writes 0 for none. */
function graphqlBounds(data: {
  readonly graphQLMaxDepth?: number | null | undefined;
  readonly graphQLMaxComplexity?: number | null | undefined;
}): GraphqlBounds | undefined {
  const depthMax = data.graphQLMaxDepth ?? 0;
  const complexityMax = data.graphQLMaxComplexity ?? 0;
  if (depthMax === 0 && complexityMax === 0) return undefined;
  return { ...(depthMax > 0 && { depthMax }), ...(complexityMax > 0 && { complexityMax }) };
}

function readApplicationPolicy(source: SourceFile): PolicyFile | undefined {
  const data = checkFields(source, applicationSchema, ['data']);
  const quotas = readQuota(source, data.defaultLimit);
  const burst = burstLimit(source, ['data', 'burstLimit'], data.burstLimit ?? {});
  if (data.policyName === undefined || quotas === undefined) return undefined;
  const name = data.policyName;
  const policy: ApplicationTier = { name, quotas, ...(burst && { burst }) };
  return { kind: 'application', entry: { policy, at: nameAt(source) } };
}

function readAdvancedPolicy(source: SourceFile, switches: ThrottlingSwitches): PolicyFile | undefined {
  const data = checkFields(source, advancedSchema, ['data']);
  const limits = readQuota(source, data.defaultLimit);
  const groups = (data.conditionalGroups ?? []).map(({ conditions, limit }, index) => {
    const at = ['data', 'conditionalGroups', index];
    const count = conditions.length;
    return {
      conditions: readConditions(source, { path: [...at, 'conditions'], count, switches }),
      limits: readQuota(source, limit, [...at, 'limit']),
    };
  });
  if (data.policyName === undefined || limits === undefined) return undefined;
  const name = data.policyName;
  const policy: AdvancedPolicy = {
    name,
    limits,
    ...(data.userLevel === true && { perUser: true }),
    ...(groups.length > 0 && { groups: groups.flatMap(groupOf) }),
  };
  return { kind: 'advanced', entry: { policy, at: nameAt(source) } };
}

/** A group that was read in full and may apply to requests. */
function groupOf(read: {
  readonly conditions: readonly Condition[] | undefined;
  readonly limits: readonly Quota[] | undefined;
}): readonly ConditionalGroup[] {
  const { conditions, limits } = read;
  return conditions === undefined || limits === undefined ? [] : [{ conditions, limits }];
}

/** The limit in the mapping at a path. */
function readQuota(
  source: SourceFile,
  limit: StatedQuota | undefined,
  at: Path = ['data', 'defaultLimit'],
): readonly Quota[] | undefined {
  return limit && readQuotas(source, at, limit);
}

function nameAt(source: SourceFile): Place {
  return source.place(['data', 'policyName']);
}

function noteMissingStop(source: SourceFile): void {
  source.note({
    code: 'stop-on-quota-reach',
    path: ['data'],
    part: 'key',
    message:
      'stopOnQuotaReach is missing and counts as true here; in WSO2 such a policy never refuses a request.',
  });
}
