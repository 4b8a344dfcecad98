import type { KeyHolder } from '../identity/api-key.ts';
import type { Api, Application, Backend, KeyType, Subscription } from '../policy/catalogue.ts';
import { reached } from '../policy/product.ts';
import type { RequestFacts } from '../policy/request-facts.ts';
import type { SubscriptionTier } from '../policy/tiers.ts';
import { causes, type Cause, type Refusal } from './refusal.ts';
import type { Routed } from './route.ts';
import type { Serving } from './serving.ts';

/** An application that may use an operation. */
export interface Subscriber {
  readonly facts: RequestFacts;
  /** Absent at a hub. */
  readonly backend: Backend | undefined;
}

const noSubscription: Refusal = { cause: causes.noSubscription };

/** Whether an application, or a user of it, may use an operation, under which plan, and which backend that reaches. */
export function subscriber(
  caller: KeyHolder & { readonly user: string },
  routed: Pick<Routed, 'api' | 'operation'>,
  serving: Serving,
): Subscriber | Refusal {
  const { application, keyType, user } = caller;
  const { api, operation } = routed;
  const subscription = subscriptionOf(application, api, serving);
  const tier = subscription === undefined ? api.subscriptionless : subscribedTier(subscription, keyType);
  if (tier === undefined) return noSubscription;
  if ('status' in tier) return { cause: tier };
  const backend = reached(routed).backends[keyType];
  if (backend === undefined && api.webSub === undefined) return { cause: noEndpoint[keyType] };
  const consumer = { kind: 'application', application, user, tier } as const;
  return { facts: { api, operation, consumer, keyType }, backend };
}

/** Applications that only tokens know have few subscriptions. */
function subscriptionOf(application: Application, api: Api, serving: Serving): Subscription | undefined {
  const ofFiles = serving.subscriptions.get(application);
  return ofFiles === undefined ? application.subscriptions.find((one) => one.api === api) : ofFiles.get(api);
}

/** The tier a subscription gives, or why it gives none (wso2.md 4.5). */
function subscribedTier({ state, tier }: Subscription, keyType: KeyType): SubscriptionTier | Cause {
  switch (state) {
    case 'active':
      return tier;
    case 'production-blocked':
      return keyType === 'PRODUCTION' ? causes.blockedSubscription : tier;
    case 'blocked':
      return causes.blockedSubscription;
    case 'not-approved':
      return causes.unapprovedSubscription;
    default:
      return state satisfies never;
  }
}

const noEndpoint: Readonly<Record<KeyType, Cause>> = {
  PRODUCTION: causes.noProductionEndpoint,
  SANDBOX: causes.noSandboxEndpoint,
};
