import { counterKey, type CounterKey } from '../limits/counter-key.ts';
import type { Limit } from '../limits/limit.ts';
import type { Level } from './levels.ts';
import { measureSuffixes, requestQuota, type Measure, type Quota } from './measure.ts';
import type { RequestFacts } from './request-facts.ts';
import { reached, subscribedAs } from './product.ts';
import { tenantOf, userAt } from './tenant.ts';
import type { AdvancedPolicy, WhenOver } from './tiers.ts';

/** What one request must pay at one level. A request names no counter twice. */
export interface Charge {
  readonly level: Level;
  /**
   * Tells charges of one level apart: the name of the custom rule, or the field of GraphQL where a request runs several operations.
   */
  readonly rule?: string;
  readonly key: CounterKey;
  readonly limit: Limit;
  readonly measure: Measure;
  /** Whole units that are spent when the request is admitted. What it costs beyond them is charged once it is known. */
  readonly cost: number;
  /**
   * Whole units that must be left for it to be admitted, at least 1. Fewer than `cost` where the request that crosses the limit
   * passes: the counter is overdrawn then.
   */
  readonly needs: number;
  /** Whether a request goes on all the same when units are missing; it is counted then, too. */
  readonly whenOver: WhenOver;
}

/** The charge of one request at a limit of requests. */
export function requestCharge(level: Level, limit: Limit, key: CounterKey): Charge {
  return { level, key, limit, measure: 'requests', cost: 1, needs: 1, whenOver: 'refuse' };
}

/**
 * The charges of a request, in the order of evaluation (contract.md 3). Limits that don't exist charge nothing. The
 * subjects are WSO2's counter keys, so operators recognise them in the store. Bytes, events and tokens aren't known yet: they
 * cost nothing here, but there must be one left. `group` is the position of the conditional group that the request belongs to,
 * in the policy that `policyOf` names; `custom` are the charges of custom rules.
 */
export function plan(facts: RequestFacts, group = 0, custom: readonly Charge[] = []): readonly Charge[] {
  const charges: Charge[] = [];
  const { api, operation, consumer, keyType } = facts;
  // A request that opens no stream is one event.
  const streams = api.webSocket || api.eventStream === true || api.webSub !== undefined;
  const charge = (
    level: Level,
    quotas: readonly Quota[] | undefined,
    subject: readonly string[],
    { kind = level, whenOver = 'refuse' }: { readonly kind?: string; readonly whenOver?: WhenOver } = {},
  ): void => {
    for (const { measure, limit, reserved } of quotas ?? []) {
      const key = counterKey(kind + measureSuffixes[measure], limit, subject);
      const cost = measure === 'events' && !streams ? 1 : (reserved ?? firstCosts[measure]);
      charges.push({
        ...requestCharge(level, limit, key),
        measure,
        cost,
        needs: Math.max(1, cost),
        whenOver,
      });
    }
  };
  const policy = policyOf(facts);
  const { limits, suffix: ofGroup } = ruling(policy, group);
  const suffix = policy?.perUser === true ? [userSuffix(facts), ...ofGroup] : ofGroup;
  if (api.policy !== undefined) {
    charge('api', limits, [`${api.context}/${api.version}`, ...suffix]);
  } else {
    const resource = `${api.context}/${api.version}${operation.target}`;
    charge('operation', limits, [resource, operation.verb, ...suffix]);
  }
  const { tier } = consumer;
  const over = tier.whenOver && { whenOver: tier.whenOver };
  if (consumer.kind === 'application') {
    const { application, user } = consumer;
    const subscription = [application.id, ...subscribedAs(api), tier.name];
    charge('subscription', tier.quotas, subscription, over);
    charge('burst', burstQuotas(tier), subscription, over);
    charge('application', application.tier.quotas, [application.id, user]);
    charge('application-burst', burstQuotas(application.tier), [application.id, user]);
  } else {
    // A kind of their own: an application may be named like an address.
    const subject = [consumer.subject, ...subscribedAs(api), tier.name];
    charge('subscription', tier.quotas, subject, { kind: 'anonymous', ...over });
    charge('burst', burstQuotas(tier), subject, { kind: 'anonymous-burst', ...over });
  }
  charges.push(...custom);
  const { backends, context, version } = reached(facts);
  charge('backend', backends[keyType]?.limits, [context, version, keyType]);
  return charges;
}

/** The advanced policy of a request: its API's, which replaces those of operations, or its operation's. */
export function policyOf({
  api,
  operation,
}: Pick<RequestFacts, 'api' | 'operation'>): AdvancedPolicy | undefined {
  return api.policy ?? operation.policy;
}

/** What tells users apart in the names of counters; all anonymous callers are one. No user's name lacks its tenant. */
function userSuffix({ api, consumer }: RequestFacts): string {
  return consumer.kind === 'application' ? `_${userAt(consumer.user, tenantOf(api))}` : '_anonymous';
}

/** A policy's limits for one group, and what the names of that group's counters end with. */
function ruling(
  policy: AdvancedPolicy | undefined,
  group: number,
): { readonly limits: readonly Quota[] | undefined; readonly suffix: readonly string[] } {
  const groups = policy?.groups ?? [];
  if (groups.length === 0) return { limits: policy?.limits, suffix: [] };
  const found = groups[group];
  return found === undefined
    ? { limits: policy?.limits, suffix: ['_default'] }
    : { limits: found.limits, suffix: [`_condition_${group}`] };
}

const firstCosts: Readonly<Record<Measure, number>> = {
  requests: 1,
  'request-bytes': 0,
  events: 0,
  'total-tokens': 0,
  'prompt-tokens': 0,
  'completion-tokens': 0,
};

function burstQuotas({ burst }: { readonly burst?: Limit }): readonly Quota[] | undefined {
  return burst && [requestQuota(burst)];
}
