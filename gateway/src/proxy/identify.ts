import { addressSubject, headerSubject, sharedSubject } from '../identity/anonymous.ts';
import type { KeyHolder } from '../identity/api-key.ts';
import type { AnonymousAccess, KeyType, Subscription } from '../policy/catalogue.ts';
import type { SubscriptionTier } from '../policy/tiers.ts';
import type { RequestHead } from './exchange.ts';
import { fieldValues } from './fields.ts';
import type { Party } from './parties.ts';
import { causes, isRefusal, type Cause, type Refusal } from './refusal.ts';
import { clientOf } from './request-details.ts';
import type { Routed } from './route.ts';
import type { Serving } from './serving.ts';

/** A request whose sender is known, as far as its operation asks. */
export interface Identified extends Party {
  readonly routed: Routed;
}

const repeatedApiKey: Refusal = { cause: causes.repeatedApiKey };
const unknownApiKey: Refusal = { cause: causes.unknownApiKey };
const noSubscription: Refusal = { cause: causes.noSubscription };

/** Finds out who sends the request, whether it may use the API, and which backend it reaches. */
export function identify(head: RequestHead, routed: Routed, serving: Serving): Identified | Refusal {
  if (routed.operation.open) return anonymous(head, routed, serving);
  const values = fieldValues(head.fields, routed.api.apiKeyHeader);
  const [key] = values;
  if (values.length > 1) return repeatedApiKey;
  if (key === undefined || key === '') return noApiKey(routed.api.apiKeyHeader);
  const holder = serving.apiKeys.holder(key);
  if (holder === undefined) return unknownApiKey;
  const { api, operation } = routed;
  const party = serving.subscribers.find(api, operation, holder) ?? subscriber(holder, routed, serving);
  return isRefusal(party) ? party : identified(routed, party);
}

function identified(routed: Routed, { facts, backend, charges, levels, policy }: Party): Identified {
  return { routed, facts, backend, charges, levels, policy };
}

function noApiKey(header: string): Refusal {
  const description = `Make sure your API invocation call has a header: '${header} : API_KEY'`;
  return { cause: { ...causes.noApiKey, description } };
}

function subscriber(holder: KeyHolder, routed: Routed, serving: Serving): Party | Refusal {
  const { application, keyType } = holder;
  const { api, operation } = routed;
  const subscription = serving.subscriptions.get(application)?.get(api);
  const tier = subscription === undefined ? api.subscriptionless : subscribedTier(subscription, keyType);
  if (tier === undefined) return noSubscription;
  if ('status' in tier) return { cause: tier };
  const backend = api.backends[keyType];
  if (backend === undefined) return { cause: noEndpoint[keyType] };
  const consumer = { kind: 'application', application, user: application.owner, tier } as const;
  return serving.subscribers.meet(holder, { api, operation, consumer, keyType }, backend);
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

/** A caller of an open operation stays anonymous even with a key; it reaches production where there is one. */
function anonymous(head: RequestHead, routed: Routed, serving: Serving): Identified | Refusal {
  const { api, operation } = routed;
  const written = anonymousSubject(api.anonymous.by, head, serving);
  const known = serving.strangers.find(api, operation, written);
  if (known !== undefined) return identified(routed, known);
  const keyType = api.backends.PRODUCTION === undefined ? 'SANDBOX' : 'PRODUCTION';
  const backend = api.backends[keyType];
  if (backend === undefined) return { cause: causes.noProductionEndpoint };
  // A copy: the subject may be a part of its request's whole head, which must not stay with it.
  const subject = Buffer.from(written, 'latin1').toString('latin1');
  const consumer = { kind: 'anonymous', subject, tier: api.anonymous.tier } as const;
  const facts = { api, operation, consumer, keyType } as const;
  return identified(routed, serving.strangers.meet(subject, facts, backend));
}

function anonymousSubject(by: AnonymousAccess['by'], head: RequestHead, serving: Serving): string {
  switch (by.kind) {
    case 'client-address': {
      const client = clientOf(head, serving.trustedProxies);
      // A socket that was closed already has no address; nobody will read the answer.
      return client === undefined ? sharedSubject : addressSubject(client);
    }
    case 'header':
      return headerSubject(fieldValues(head.fields, by.name.toLowerCase()));
    case 'everyone':
      return sharedSubject;
    default:
      return by satisfies never;
  }
}
