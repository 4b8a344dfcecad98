import type { RevokedToken, TokenIssuer } from '../../src/config/token-settings.ts';
import type { Charge } from '../../src/policy/plan.ts';
import { issuerOf, KeyServer, Signer } from '../support/signer.ts';
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
export let stranger: Signer;
export let keys: KeyServer;
export let gateway: RunningGateway;
export let charged: (readonly Charge[])[];

/** Before all tests. */
export function makeSigners(): void {
  signer = new Signer();
  stranger = new Signer('key-1');
}

export async function openKeys(): Promise<void> {
  keys = await KeyServer.start(signer);
}

export async function close(): Promise<void> {
  await gateway.close();
  await keys.close();
}

const consumerKeys = [
  { keyType: 'PRODUCTION', consumerKey: 'mobile-prod', keyManager: 'Resident Key Manager' },
  { keyType: 'SANDBOX', consumerKey: 'mobile-sandbox', keyManager: 'Resident Key Manager' },
] as const;

interface Setup {
  readonly issuers?: readonly TokenIssuer[];
  readonly revoked?: readonly RevokedToken[];
  readonly forwarded?: boolean;
}

export async function start({ issuers, revoked = [], forwarded = false }: Setup = {}): Promise<void> {
  charged = [];
  gateway = await RunningGateway.start({
    config: (url) => {
      const api = sampleApi({
        backends: { PRODUCTION: backendAt(`${url}/production`), SANDBOX: backendAt(`${url}/sandbox`) },
        tokens: { header: 'authorization', audiences: [], keyManagers: [] },
        operations: [
          operationOf('/items', 'GET'),
          operationOf('/items', 'POST', { scopes: ['orders_write', 'orders_admin'] }),
          operationOf('/users', 'GET', { tokensOf: 'user' }),
          operationOf('/open', 'GET', { open: true }),
        ],
      });
      return sampleConfig({
        apis: [api],
        applications: [sampleApplication(api, { consumerKeys, apiKeys: [apiKey('opaque')] })],
        tokens: { issuers: issuers ?? [issuerOf({ jwksUrl: keys.url })], revoked, forwarded },
        tiers: {
          subscription: [gold, { name: 'Unlimited' }],
          application: [
            { name: '10PerMin', ...(gold.quotas && { quotas: gold.quotas }) },
            { name: 'Unlimited' },
          ],
        },
      });
    },
  });
  gateway.decide = (charges) => {
    charged.push(charges);
    return admitAll(charges);
  };
}

export async function ask(target: string, ...fields: readonly string[]): Promise<string> {
  const line = target.includes(' ') ? target : `GET ${target}`;
  const client = gateway.connect().request(line, 'Connection: close', ...fields);
  await until(() => client.ended);
  return client.received;
}

export const items: string = '/orders/1.0.0/items';
export const bearer = (token: string): string => `Authorization: Bearer ${token}`;

export function counters(): readonly string[] {
  return (charged.at(-1) ?? []).map(({ key }) => key);
}
