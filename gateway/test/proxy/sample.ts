import { createHash } from 'node:crypto';
import { noTokens } from '../../src/config/token-settings.ts';
import type { Limit } from '../../src/limits/limit.ts';
import type { Api, ApiKey, Application, Backend, KeyType, Operation } from '../../src/policy/catalogue.ts';
import type { SubscriptionTier } from '../../src/policy/tiers.ts';
import type { ServedConfig } from '../../src/proxy/serving.ts';
import { requestQuota } from '../../src/policy/measure.ts';

/** A fixed window that starts with its first request. */
export function limitOf(quota: number, windowMs = 60_000): Limit {
  return { kind: 'fixed-window', quota, windowMs, starts: 'first-request' };
}

export function apiKey(key: string, keyType: KeyType = 'PRODUCTION'): ApiKey {
  return { keyType, sha256: createHash('sha256').update(Buffer.from(key, 'latin1')).digest('hex') };
}

export function backendAt(url: string, limit?: Limit): Backend {
  return { targets: [{ url }], choice: 'single', ...(limit && { limits: [requestQuota(limit)] }) };
}

export function operationOf(target: string, verb: string, more: Partial<Operation> = {}): Operation {
  return { target, verb, open: false, ...more };
}

export const gold: SubscriptionTier = {
  name: 'Gold',
  quotas: [requestQuota(limitOf(5000))],
  burst: limitOf(100, 1000),
};

/** An API at /orders/1.0.0 with a protected and an open part, whose backends' URLs the test gives. */
export function sampleApi(more: Partial<Api> = {}): Api {
  return {
    name: 'Orders',
    version: '1.0.0',
    context: '/orders',
    basePaths: ['/orders/1.0.0'],
    blocked: false,
    apiKeyHeader: 'apikey',
    webSocket: false,
    operations: [
      operationOf('/items', 'GET'),
      operationOf('/items', 'POST'),
      operationOf('/items/{id}', 'GET'),
      operationOf('/open/*', '*', { open: true }),
    ],
    anonymous: {
      tier: { name: 'Unauthenticated', quotas: [requestQuota(limitOf(500))] },
      by: { kind: 'client-address' },
    },
    backends: { PRODUCTION: backendAt('http://127.0.0.1:9001/v1') },
    ...more,
  };
}

/** MobileApp: subscribed to the API under Gold, with the key `mobile-key`, and `mobile-sandbox` for the sandbox. */
export function sampleApplication(api: Api, more: Partial<Application> = {}): Application {
  return {
    id: 'alice/MobileApp',
    name: 'MobileApp',
    owner: 'alice',
    tier: { name: '50PerMin', quotas: [requestQuota(limitOf(50))] },
    apiKeys: [apiKey('mobile-key'), apiKey('mobile-sandbox', 'SANDBOX')],
    subscriptions: [{ api, tier: gold, state: 'active' }],
    ...more,
  };
}

export function sampleConfig(more: Partial<ServedConfig> = {}): ServedConfig {
  const api = sampleApi();
  return {
    listener: { trustedProxies: [], underscoreNames: 'drop' },
    responses: { retryAfter: 'seconds', rateLimitFields: true, errorFormat: 'json' },
    tokens: noTokens,
    apis: [api],
    applications: [sampleApplication(api)],
    customRules: [],
    denyPolicies: [],
    tiers: { subscription: [gold], application: [{ name: 'Unlimited' }] },
    ...more,
  };
}
