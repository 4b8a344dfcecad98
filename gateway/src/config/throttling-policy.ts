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

/** What a policy file gives: a policy, or what it needs that is missing here. `at` is where it states its name. */
export type PolicyEntry<Policy> =
  | { readonly state: 'ready'; readonly policy: Policy; readonly at: Place }
  | { readonly state: 'not-supported'; readonly what: string; readonly at: Place };

export type PolicyFile =
  | { readonly kind: 'subscription'; readonly name: string; readonly entry: PolicyEntry<SubscriptionTier> }
  | { readonly kind: 'application'; readonly name: string; readonly entry: PolicyEntry<ApplicationTier> }
  | { readonly kind: 'advanced'; readonly name: string; readonly entry: PolicyEntry<AdvancedPolicy> };

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
      source.error({
        code: 'not-supported',
        path: ['subtype'],
        message: 'Custom rules are not supported yet.',
        hint: 'Without the file, the traffic that the rule limits is not limited.',
      });
      return undefined;
    case undefined:
      return undefined;
  }
}

const otherLimits: Partial<Readonly<Record<StatedQuota['type'], string>>> = {
  EVENTCOUNTLIMIT: 'EVENTCOUNTLIMIT (a quota of events)',
  AIAPIQUOTALIMIT: 'AIAPIQUOTALIMIT (a quota of AI tokens)',
};

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
  },
  [...informative, 'monetization', 'subscriberCount', 'customAttributes', 'billingPlan', 'permissions'],
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
    conditionalGroups: listOf(groupSchema, '0 to 100 conditional groups', { to: 100 }).nullish(),
  },
  [...informative, 'userLevel'],
);

function readSubscriptionPolicy(source: SourceFile): PolicyFile | undefined {
  const data = checkFields(source, subscriptionSchema, ['data']);
  const quota = readQuota(source, data.defaultLimit);
  const burst = burstLimit(source, ['data'], data);
  if (data.stopOnQuotaReach === undefined || data.stopOnQuotaReach === null) noteMissingStop(source);
  if (data.policyName === undefined || quota === undefined) return undefined;
  const name = data.policyName;
  const graphql = graphqlBounds(data);
  const entry = entryOf(source, undefined, quota, (quotas): SubscriptionTier => ({
    name,
    quotas,
    ...(burst && { burst }),
    ...(data.stopOnQuotaReach === false && { whenOver: 'pass' }),
    ...(graphql && { graphql }),
  }));
  return { kind: 'subscription', name, entry };
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
  const quota = readQuota(source, data.defaultLimit);
  const burst = burstLimit(source, ['data', 'burstLimit'], data.burstLimit ?? {});
  if (data.policyName === undefined || quota === undefined) return undefined;
  const name = data.policyName;
  const entry = entryOf(source, undefined, quota, (quotas) => ({
    name,
    quotas,
    ...(burst && { burst }),
  }));
  return { kind: 'application', name, entry };
}

function readAdvancedPolicy(source: SourceFile, switches: ThrottlingSwitches): PolicyFile | undefined {
  const data = checkFields(source, advancedSchema, ['data']);
  const quota = readQuota(source, data.defaultLimit);
  const groups = (data.conditionalGroups ?? []).map(({ conditions, limit }, index) => {
    const at = ['data', 'conditionalGroups', index];
    const count = conditions.length;
    return {
      conditions: readConditions(source, { path: [...at, 'conditions'], count, switches }),
      quota: readQuota(source, limit, [...at, 'limit']),
    };
  });
  if (data.policyName === undefined || quota === undefined) return undefined;
  const name = data.policyName;
  const unsupported = groups.map((group) => group.quota).find((found) => typeof found === 'string');
  const entry = entryOf(source, unsupported, quota, (limits) => ({
    name,
    limits,
    ...(groups.length > 0 && { groups: groups.flatMap(groupOf) }),
  }));
  return { kind: 'advanced', name, entry };
}

/** A group that was read in full and may apply to requests. */
function groupOf(read: {
  readonly conditions: readonly Condition[] | undefined;
  readonly quota: readonly Quota[] | string | undefined;
}): readonly ConditionalGroup[] {
  const { conditions, quota: limits } = read;
  return conditions === undefined || limits === undefined || typeof limits === 'string'
    ? []
    : [{ conditions, limits }];
}

/** The limit in the mapping at a path, or the name of what it counts that can't be counted yet. */
function readQuota(
  source: SourceFile,
  limit: StatedQuota | undefined,
  at: Path = ['data', 'defaultLimit'],
): readonly Quota[] | string | undefined {
  if (limit === undefined) return undefined;
  const unsupported = otherLimits[limit.type];
  return unsupported ?? readQuotas(source, at, limit);
}

function entryOf<Policy>(
  source: SourceFile,
  unsupported: string | undefined,
  quota: readonly Quota[] | string,
  policyWith: (quotas: readonly Quota[]) => Policy,
): PolicyEntry<Policy> {
  const at = source.place(['data', 'policyName']);
  if (unsupported !== undefined) return { state: 'not-supported', what: unsupported, at };
  if (typeof quota === 'string') return { state: 'not-supported', what: quota, at };
  return { state: 'ready', policy: policyWith(quota), at };
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
