import type { TokenIssuer } from '../../src/config/token-settings.ts';
import type { Charge } from '../../src/policy/plan.ts';
import type { Api } from '../../src/policy/catalogue.ts';
import { issuerName, issuerOf, jwksOf, Signer } from '../support/signer.ts';
import { until } from '../support/until.ts';
import { admitAll, RunningGateway } from './running-gateway.ts';
import {
  apiKey,
  backendAt,
  gold,
  operationOf,
  sampleApi,
  sampleApplication,
  sampleConfig,
} from './sample.ts';

export let signer: Signer;
export let other: Signer;
export let charged: (readonly Charge[])[];
let gateway: RunningGateway;

/** Before all tests. */
export function makeSigners(): void {
  signer = new Signer();
  other = new Signer('other');
}

export function close(): Promise<void> {
  return gateway.close();
}

export function forgetCharges(): void {
  charged = [];
}

export const otherName: string = 'https://other.example';
export const uuid: string = '5f1c7c1e-2f0b-4a55-9a53-6e2f3a3c0001';

/** What WSO2 4.x writes into its tokens. */
export const application: Readonly<Record<string, unknown>> = {
  id: 7,
  uuid,
  name: 'Shop',
  owner: 'dave',
  tier: '10PerMin',
  tierQuotaType: null,
};
const tierInfo = {
  Gold: { tierQuotaType: 'requestCount', stopOnQuotaReach: true, spikeArrestLimit: 0, spikeArrestUnit: null },
  Partner: {
    tierQuotaType: 'requestCount',
    stopOnQuotaReach: true,
    spikeArrestLimit: 5,
    spikeArrestUnit: 'min',
  },
};
export const subscribedTo = (subscriptionTier: string): readonly unknown[] => [
  {
    name: 'Orders',
    context: '/orders/1.0.0',
    version: '1.0.0',
    publisher: 'admin',
    subscriptionTier,
    subscriberTenantDomain: 'carbon.super',
  },
];
export const selfContained = (more: object = {}): Record<string, unknown> => ({
  azp: 'unknown-to-files',
  application,
  tierInfo,
  keytype: 'PRODUCTION',
  subscribedAPIs: subscribedTo('Gold'),
  ...more,
});

interface Setup {
  readonly issuer?: Partial<TokenIssuer>;
  readonly api?: Partial<Api>;
  readonly applicationId?: string;
}

export async function start({
  issuer = {},
  api: ofApi = {},
  applicationId = 'alice/MobileApp',
}: Setup = {}): Promise<void> {
  forgetCharges();
  const issuers = [
    issuerOf({ jwks: jwksOf(signer), certificates: signer.pem, ...issuer }),
    issuerOf({ name: otherName, jwks: jwksOf(other), certificates: other.pem, keyManager: 'Other' }),
  ];
  gateway = await RunningGateway.start({
    config: (url) => {
      const api = sampleApi({
        backends: { PRODUCTION: backendAt(`${url}/production`), SANDBOX: backendAt(`${url}/sandbox`) },
        tokens: { header: 'authorization', audiences: [], keyManagers: [] },
        operations: [operationOf('/items', 'GET')],
        ...ofApi,
      });
      const consumerKeys = [
        { keyType: 'PRODUCTION', consumerKey: 'mobile-prod', keyManager: 'Resident Key Manager' },
      ] as const;
      return sampleConfig({
        apis: [api],
        applications: [
          sampleApplication(api, { id: applicationId, consumerKeys, apiKeys: [apiKey('opaque')] }),
        ],
        tokens: { issuers, revoked: [], forwarded: false },
        tiers: {
          subscription: [gold, { name: 'Unlimited' }],
          application: [{ name: '10PerMin', quotas: gold.quotas! }, { name: 'Unlimited' }],
        },
      });
    },
  });
  gateway.decide = (charges) => {
    charged.push(charges);
    return admitAll(charges);
  };
}

export async function get(target: string, ...fields: readonly string[]): Promise<string> {
  const client = gateway.connect().request(`GET ${target}`, 'Connection: close', ...fields);
  await until(() => client.ended);
  return client.received;
}

export const items: string = '/orders/1.0.0/items';
export const bearer = (token: string): string => `Authorization: Bearer ${token}`;
export const counters = (): readonly string[] => (charged.at(-1) ?? []).map(({ key }) => key);
export const ok: RegExp = /^HTTP\/1.1 200 /;
export const own: string = `<${issuerName.replace(':', '%3A')}>app/${uuid}`;
