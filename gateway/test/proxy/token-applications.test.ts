import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { TokenIssuer } from '../../src/config/token-settings.ts';
import type { Charge } from '../../src/policy/plan.ts';
import type { Api } from '../../src/policy/catalogue.ts';
import { issuerName, issuerOf, jwksOf, Signer } from '../support/signer.ts';
import { until } from '../support/until.ts';
import { admitAll, echoed, RunningGateway } from './running-gateway.ts';
import {
  apiKey,
  backendAt,
  gold,
  operationOf,
  sampleApi,
  sampleApplication,
  sampleConfig,
} from './sample.ts';

let signer: Signer;
let other: Signer;
let gateway: RunningGateway;
let charged: (readonly Charge[])[];

beforeAll(() => {
  signer = new Signer();
  other = new Signer('other');
});
afterEach(() => gateway.close());

const otherName = 'https://other.example';
const uuid = '5f1c7c1e-2f0b-4a55-9a53-6e2f3a3c0001';

/** What WSO2 4.x writes into its tokens. */
const application = { id: 7, uuid, name: 'Shop', owner: 'dave', tier: '10PerMin', tierQuotaType: null };
const tierInfo = {
  Gold: { tierQuotaType: 'requestCount', stopOnQuotaReach: true, spikeArrestLimit: 0, spikeArrestUnit: null },
  Partner: {
    tierQuotaType: 'requestCount',
    stopOnQuotaReach: true,
    spikeArrestLimit: 5,
    spikeArrestUnit: 'min',
  },
};
const subscribedTo = (subscriptionTier: string): readonly unknown[] => [
  {
    name: 'Orders',
    context: '/orders/1.0.0',
    version: '1.0.0',
    publisher: 'admin',
    subscriptionTier,
    subscriberTenantDomain: 'carbon.super',
  },
];
const selfContained = (more: object = {}): Record<string, unknown> => ({
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

async function start({
  issuer = {},
  api: ofApi = {},
  applicationId = 'alice/MobileApp',
}: Setup = {}): Promise<void> {
  charged = [];
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

async function get(target: string, ...fields: readonly string[]): Promise<string> {
  const client = gateway.connect().request(`GET ${target}`, 'Connection: close', ...fields);
  await until(() => client.ended);
  return client.received;
}

const items = '/orders/1.0.0/items';
const bearer = (token: string): string => `Authorization: Bearer ${token}`;
const counters = (): readonly string[] => (charged.at(-1) ?? []).map(({ key }) => key);
const ok = /^HTTP\/1.1 200 /;
const own = `<${issuerName.replace(':', '%3A')}>app/${uuid}`;

describe('a self-contained token', () => {
  test('needs no application file: application, tiers, subscription and key type are in it', async () => {
    await start();
    expect(await get(items, bearer(signer.token(selfContained())))).toContain('/v1/production/items');
    expect(counters()).toContain(`subscription@60000:${own}:/orders:1.0.0:Gold`);
    expect(counters()).toContain(`application@60000:${own}:carol`);
    const sandbox = signer.token(selfContained({ keytype: 'SANDBOX' }));
    expect(await get(items, bearer(sandbox))).toContain('/v1/sandbox/items');
  });

  test('tells the burst of a tier that no file defines', async () => {
    await start();
    expect(
      await get(items, bearer(signer.token(selfContained({ subscribedAPIs: subscribedTo('Partner') })))),
    ).toMatch(ok);
    expect(counters()[0]).toBe(`burst@60000:${own}:/orders:1.0.0:Partner`);
    expect(charged.at(-1)?.[0]?.limit).toMatchObject({ quota: 5, windowMs: 60_000, starts: 'first-request' });
  });

  test.each([
    ['without a subscription to the API', { subscribedAPIs: [] }],
    [
      'with one to another version',
      { subscribedAPIs: [{ name: 'Orders', version: '2.0.0', subscriptionTier: 'Gold' }] },
    ],
    ['under a tier that nobody defines', { subscribedAPIs: subscribedTo('Platinum') }],
    ['of an application tier that nobody defines', { application: { ...application, tier: '1000PerMin' } }],
    ['with a key type that is none', { keytype: 'TEST' }],
    ['with an application that is none', { application: 'Shop' }],
    ['with an application without id', { application: { name: 'Shop' } }],
    ['without an application', { application: undefined }],
    ['with subscriptions that are none', { subscribedAPIs: 'all' }],
  ])('%s opens nothing', async (_, more) => {
    await start();
    const answer = await get(items, bearer(signer.token(selfContained(more))));
    expect(answer).toMatch(/^HTTP\/1.1 403 [^]*"code":"900908"/);
    expect(charged).toEqual([]);
  });

  test('gives way to the file of its consumer key, tier and subscription included', async () => {
    await start();
    await get(
      items,
      bearer(signer.token(selfContained({ azp: 'mobile-prod', subscribedAPIs: subscribedTo('Unlimited') }))),
    );
    expect(counters()).toContain('subscription@60000:alice/MobileApp:/orders:1.0.0:Gold');
  });

  test('is not believed about applications where the issuer may only prove users', async () => {
    await start({ issuer: { applicationClaims: false } });
    expect(await get(items, bearer(signer.token(selfContained())))).toMatch(
      /^HTTP\/1.1 403 [^]*"code":"900908"/,
    );
  });

  test('of the control plane is the application of the file with its id, or its owner and name', async () => {
    await start({ issuer: { controlPlane: true }, applicationId: uuid });
    expect(await get(items, bearer(signer.token(selfContained())))).toMatch(ok);
    expect(counters()).toContain(`application@60000:${uuid}:carol`);
    const named = { ...application, uuid: 'x', owner: 'alice', name: 'MobileApp' };
    expect(await get(items, bearer(signer.token(selfContained({ application: named }))))).toMatch(ok);
    expect(counters()).toContain(`application@60000:${uuid}:carol`);
  });

  test('may call an API that needs no subscription, whoever its application is', async () => {
    await start({ api: { subscriptionless: gold } });
    expect(await get(items, bearer(signer.token({ azp: 'nobody' })))).toMatch(ok);
    expect(counters()).toContain(
      `subscription@60000:<${issuerName.replace(':', '%3A')}>key/nobody:/orders:1.0.0:Gold`,
    );
  });
});

describe('whoever owns one issuer', () => {
  test('reaches no counter of the files or of another issuer, whatever it calls its applications', async () => {
    await start({ applicationId: uuid });
    expect(await get(items, bearer(signer.token(selfContained())))).toMatch(ok);
    await get(items, 'ApiKey: opaque');
    await get(items, bearer(signer.token()));
    const foreign = new Set(charged.flatMap((charges) => charges.map(({ key }) => key)));
    const shared = new Set(['operation', 'backend', 'api']);
    charged = [];
    const names = [
      uuid,
      `<${issuerName}>app/${uuid}`,
      `app/${uuid}`,
      `>app/${uuid}`,
      `../${issuerName}>app/${uuid}`,
    ];
    for (const name of names) {
      for (const more of [{ uuid: name }, { uuid: undefined, id: name }]) {
        const claims = selfContained({
          iss: otherName,
          azp: 'mobile-prod',
          application: { ...application, ...more },
        });
        expect(await get(items, bearer(other.token(claims)))).toMatch(ok);
      }
    }
    expect(charged).toHaveLength(names.length * 2);
    const reached = charged.flat().filter(({ level }) => !shared.has(level));
    expect(reached.length).toBeGreaterThan(names.length);
    expect(reached.filter(({ key }) => foreign.has(key))).toEqual([]);
  });

  test('stands for no application of the files by its consumer key', async () => {
    await start();
    const answer = await get(items, bearer(other.token({ iss: otherName, azp: 'mobile-prod' })));
    expect(answer).toMatch(/^HTTP\/1.1 403 [^]*"code":"900908"/);
  });

  test('opens no API that takes tokens of other key managers only', async () => {
    const tokens = { header: 'authorization', audiences: [], keyManagers: ['Resident Key Manager'] };
    await start({ api: { tokens, subscriptionless: gold } });
    expect(await get(items, bearer(signer.token()))).toMatch(ok);
    expect(await get(items, bearer(other.token({ iss: otherName })))).toMatch(/^HTTP\/1.1 401 /);
  });
});

describe("WSO2's API key", () => {
  const key = (more: object = {}): string =>
    signer.apiKey({ ...selfContained(), azp: undefined, exp: undefined, ...more });

  test('opens what it is subscribed to, though it never ends', async () => {
    await start();
    const answer = await get(`${items}?a=1`, `ApiKey: ${key()}`);
    expect(answer).toContain('"url":"/v1/production/items?a=1"');
    expect(counters()).toContain(`application@60000:${own}:carol`);
  });

  test('needs no audience, which tokens need where their issuer asks for one', async () => {
    await start({ issuer: { audiences: ['mine'] } });
    expect(await get(items, `ApiKey: ${key()}`)).toMatch(ok);
    expect(await get(items, bearer(signer.token(selfContained())))).toMatch(/^HTTP\/1.1 401 /);
    expect(await get(items, bearer(signer.token(selfContained({ aud: ['other', 'mine'] }))))).toMatch(ok);
  });

  test('may be in the query, and the backend does not see it', async () => {
    await start();
    for (const one of [key(), 'opaque']) {
      const answer = await get(`${items}?a=1&apikey=${one}&b=2`);
      expect(answer).toContain('"url":"/v1/production/items?a=1&b=2"');
    }
    expect(await get(`${items}?apikey=opaque`)).toContain('"url":"/v1/production/items"');
    expect(await get(`${items}?apikey=opaque&apikey=opaque`)).toMatch(/^HTTP\/1.1 400 [^]*"code":"908004"/);
    expect(await get(`${items}?apikey=wrong`)).toMatch(/^HTTP\/1.1 401 [^]*"code":"900901"/);
    expect(await get(`${items}?apikey=%ff`)).toMatch(/^HTTP\/1.1 401 [^]*"code":"900902"/);
    const told = await get(`${items}?apikey=mine`, 'ApiKey: opaque');
    expect(echoed(told.slice(told.indexOf('{'), told.lastIndexOf('}') + 1)).url).toContain('apikey=mine');
  });

  test.each([
    ['permittedIP', '10.0.0.0/8,127.0.0.1', [], 200],
    ['permittedIP', '10.0.0.0/8', ['X-Forwarded-For: 10.0.0.1'], 403],
    ['permittedIP', 'localhost', [], 403],
    ['permittedIP', 17, [], 403],
    ['permittedIP', '', [], 200],
    ['permittedReferer', 'https://shop.example/*', ['Referer: https://shop.example/cart'], 200],
    ['permittedReferer', 'https://*.example/a*c', ['Referer: https://shop.example/abc'], 200],
    [
      'permittedReferer',
      'https://shop.example/*',
      ['Referer: https://evil.example/?https://shop.example/'],
      403,
    ],
    ['permittedReferer', 'https://shop.example/*', [], 403],
  ])('with %s %j and %j is answered %i', async (claim, value, fields, status) => {
    await start();
    const answer = await get(items, `ApiKey: ${key({ [claim]: value })}`, ...fields);
    expect(answer.startsWith(`HTTP/1.1 ${status} `)).toBe(true);
    expect(charged).toHaveLength(status === 200 ? 1 : 0);
  });

  test.each([
    ['that has ended', () => key({ exp: 1_700_000_000 })],
    ['of a strange key', () => other.apiKey({ ...selfContained() })],
    ['with a changed claim', () => key().replace(/\.[^.]+\./, '.e30.')],
    ['for tests', () => key({ token_type: 'InternalKey' })],
  ])('%s is refused', async (_, make) => {
    await start();
    expect(await get(items, `ApiKey: ${make()}`)).toMatch(/^HTTP\/1.1 401 [^]*"code":"900901"/);
    expect(charged).toEqual([]);
  });
});
