import { counterKey, type CounterKey } from '../limits/counter-key.ts';
import type { Limit } from '../limits/limit.ts';
import type { Level } from './levels.ts';
import type { RequestFacts } from './request-facts.ts';

/** What one request must pay at one level. A request names no counter twice. */
export interface Charge {
  readonly level: Level;
  /** The name of the custom rule, at the level of that name, which has one charge for each rule. */
  readonly rule?: string;
  readonly key: CounterKey;
  readonly limit: Limit;
  /** Whole units, at least 1. */
  readonly cost: number;
}

/**
 * The charges of a request, in the order of evaluation (contract.md 3). Limits that don't exist charge nothing. The
 * subjects are WSO2's counter keys, so operators recognise them in the store.
 */
export function plan(facts: RequestFacts): readonly Charge[] {
  const charges: Charge[] = [];
  const charge = (
    level: Level,
    limit: Limit | undefined,
    subject: readonly string[],
    kind: string = level,
  ): void => {
    if (limit !== undefined) charges.push({ level, limit, key: counterKey(kind, limit, subject), cost: 1 });
  };
  const { api, operation, consumer, keyType } = facts;
  if (api.policy !== undefined) {
    charge('api', api.policy.limit, [`${api.context}/${api.version}`]);
  } else {
    const resource = `${api.context}/${api.version}${operation.target}`;
    charge('operation', operation.policy?.limit, [resource, operation.verb]);
  }
  const { tier } = consumer;
  if (consumer.kind === 'application') {
    const { application, user } = consumer;
    const subscription = [application.id, api.context, api.version, tier.name];
    charge('subscription', tier.quota, subscription);
    charge('burst', tier.burst, subscription);
    charge('application', application.tier.quota, [application.id, user]);
    charge('application-burst', application.tier.burst, [application.id, user]);
  } else {
    // A kind of their own: an application may be named like an address.
    const subject = [consumer.subject, api.context, api.version, tier.name];
    charge('subscription', tier.quota, subject, 'anonymous');
    charge('burst', tier.burst, subject, 'anonymous-burst');
  }
  charge('backend', api.backends[keyType]?.limit, [api.context, api.version, keyType]);
  return charges;
}
