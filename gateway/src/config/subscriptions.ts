import * as z from 'zod';
import type { Subscription, SubscriptionState } from '../policy/catalogue.ts';
import type { ApiCatalogue, ApiName } from './api-catalogue.ts';
import { checkFields, checkValue } from './check-value.ts';
import { listOf, mapping, oneOf, text } from './expected.ts';
import { quote } from './nearest-name.ts';
import type { PolicyBook } from './policy-book.ts';
import { type Path, type SourceFile, valueAt } from './source-file.ts';

/** What an application may refer to. */
export interface Known {
  readonly policies: PolicyBook;
  readonly apis: ApiCatalogue;
}

/** Reads the subscriptions of an application. Those to APIs that aren't served are left out; problems are reported. */
export function readSubscriptions(source: SourceFile, known: Known): readonly Subscription[] {
  const written = checkValue(source, listOf(z.unknown(), 'subscriptions').nullish(), listPath) ?? [];
  const seen = new Map<string, number>();
  const subscriptions: Subscription[] = [];
  for (const index of written.keys()) {
    const subscription = readSubscription(source, known, [...listPath, index], seen);
    if (subscription !== undefined) subscriptions.push(subscription);
  }
  return subscriptions;
}

const listPath: Path = ['data', 'subscribedAPIs'];

/** wso2.md 4.5. */
const states = {
  UNBLOCKED: 'active',
  TIER_UPDATE_PENDING: 'active',
  BLOCKED: 'blocked',
  PROD_ONLY_BLOCKED: 'production-blocked',
  ON_HOLD: 'not-approved',
  REJECTED: 'not-approved',
  // WSO2 keeps serving a subscription until its deletion is approved.
  DELETE_PENDING: 'active',
} as const satisfies Readonly<Record<string, SubscriptionState>>;
const state = oneOf([
  'UNBLOCKED',
  'TIER_UPDATE_PENDING',
  'BLOCKED',
  'PROD_ONLY_BLOCKED',
  'ON_HOLD',
  'REJECTED',
  'DELETE_PENDING',
]).nullish();

const subscriptionSchema = mapping(
  {
    apiId: mapping(
      {
        apiName: text({ expected: 'the name of an API', charactersMax: 60 }).nullish(),
        name: text({ expected: 'the name of an API', charactersMax: 60 }).nullish(),
        version: text({ expected: 'the version of the API', charactersMax: 30 }),
      },
      ['providerName', 'provider', 'uuid', 'id', 'organization', 'tier', 'applicationId'],
    ),
    throttlingPolicy: text({ expected: 'the name of a subscription tier', charactersMax: 60 }),
    status: state,
    subscriptionStatus: state,
  },
  [
    'subscriptionId',
    'applicationId',
    'subscriber',
    'requestedThrottlingPolicy',
    'redirectionParams',
    'versionRange',
  ],
);

function readSubscription(
  source: SourceFile,
  known: Known,
  at: Path,
  seen: Map<string, number>,
): Subscription | undefined {
  const written = checkFields(source, subscriptionSchema, at);
  const tierName = written.throttlingPolicy;
  const tier = tierName && known.policies.subscription.find(tierName, source, [...at, 'throttlingPolicy']);
  const field = valueAt(source.value, [...at, 'apiId', 'apiName']) === undefined ? 'name' : 'apiName';
  const name = written.apiId?.[field];
  if (written.apiId === undefined) return undefined;
  if (!name) {
    source.error({
      code: 'missing-value',
      path: [...at, 'apiId'],
      part: 'key',
      message: 'apiId has no apiName.',
    });
    return undefined;
  }
  const path = [...at, 'apiId', field];
  const api = { name, version: written.apiId.version };
  reportDuplicate(source, seen, api, path);
  const file = known.apis.find(api, source, path);
  if (file === undefined || !tier) return undefined;
  if (file.tiers.length > 0 && !file.tiers.includes(tier.name)) {
    const message = `The API ${quote(name)} doesn't offer the tier ${quote(tier.name)}; this subscription has it all the same.`;
    const hint = `It offers: ${file.tiers.map(quote).join(', ')}.`;
    source.warning({ code: 'not-offered', path: [...at, 'throttlingPolicy'], message, hint });
  }
  const status = written.status ?? written.subscriptionStatus ?? 'UNBLOCKED';
  return file.served ? { api: file.api, tier, state: states[status] } : undefined;
}

function reportDuplicate(source: SourceFile, seen: Map<string, number>, api: ApiName, path: Path): void {
  const key = JSON.stringify([api.name, api.version]);
  const firstLine = seen.get(key);
  if (firstLine === undefined) {
    seen.set(key, source.place(path).line);
    return;
  }
  const message = `The application is subscribed to ${quote(api.name)} ${api.version} already, at line ${firstLine}.`;
  source.error({ code: 'duplicate', path, message });
}
