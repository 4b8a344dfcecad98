import type { Application } from '../policy/catalogue.ts';
import { plan, policyOf } from '../policy/plan.ts';
import type { RequestFacts } from '../policy/request-facts.ts';
import type { Subscriber } from '../websub/subscriber.ts';
import type { Admission } from './admit.ts';
import { type EventMeter, eventMeter } from './event-meter.ts';
import { isRefusal } from './refusal.ts';
import type { Routed } from './route.ts';
import type { Serving } from './serving.ts';
import { subscriber as subscriberOf } from './subscriber.ts';

/** The subscribers of a topic for whose events one and the same pays. */
export interface Recipients {
  readonly application: string;
  /** Undefined where nobody counts. */
  readonly meter: EventMeter | undefined;
  readonly subscribers: Subscriber[];
}

type Topic = Pick<Routed, 'api' | 'operation'>;

/** Those who get an event by the configuration in force, by who pays. */
export function recipientsOf(
  subscribers: readonly Subscriber[],
  topic: Topic,
  { serving, admission }: { readonly serving: Serving; readonly admission: Admission },
): readonly Recipients[] {
  const byPayer = new Map<string, Recipients | undefined>();
  for (const subscriber of subscribers) {
    const { application, user, keyType } = subscriber;
    const payer = JSON.stringify([application, user, keyType]);
    if (!byPayer.has(payer)) {
      const facts = recipientOf(subscriber, topic, serving);
      const meter = facts && eventMeter(plan(facts, policyOf(facts)?.groups?.length), admission);
      byPayer.set(payer, facts && { application: application.id, meter, subscribers: [] });
    }
    byPayer.get(payer)?.subscribers.push(subscriber);
  }
  return [...byPayer.values()].filter((one) => one !== undefined);
}

/** What is known of a subscriber now; undefined when it may not have events of the topic any more. */
export function recipientOf(
  { application, user, keyType }: Subscriber,
  topic: Topic,
  serving: Serving,
): RequestFacts | undefined {
  const known = serving.applications.get(application.id) ?? claimed(application, topic, serving);
  if (known === undefined) return undefined;
  const found = subscriberOf({ application: known, user, keyType }, topic, serving);
  return isRefusal(found) || serving.deny.deniesConsumer(found.facts) ? undefined : found.facts;
}

/** An application that only tokens know, as it was when it subscribed. */
function claimed(
  { id, name, owner, tier, plan: planName }: Subscriber['application'],
  { api }: Topic,
  { tiers }: Serving,
): Application | undefined {
  if (!id.startsWith('<')) return undefined;
  const applicationTier = tier === 'Unlimited' ? { name: tier } : tiers.application.get(tier);
  if (applicationTier === undefined) return undefined;
  const plan = tiers.subscription.get(planName);
  const subscriptions = plan === undefined ? [] : [{ api, tier: plan, state: 'active' } as const];
  return { id, name, owner, tier: applicationTier, apiKeys: [], subscriptions };
}
