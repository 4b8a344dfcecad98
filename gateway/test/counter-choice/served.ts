import type { AdvancedPolicy } from '../../src/policy/tiers.ts';
import type { Application } from '../../src/policy/catalogue.ts';
import { ipNumber } from '../../src/policy/ip-number.ts';
import { requestQuota } from '../../src/policy/measure.ts';
import { superTenant } from '../../src/policy/tenant.ts';
import type { ServedConfig } from '../../src/proxy/serving.ts';
import { apiKey, backendAt, gold, limitOf, operationOf, sampleApi, sampleConfig } from '../proxy/sample.ts';
import { issuerOf, Signer } from '../support/signer.ts';

const signer = new Signer();
const policy = (name: string): AdvancedPolicy => ({ name, limits: [requestQuota(limitOf(100))] });

export const host = 'gateway.example:8280';

/** An operation as it is asked for: one path and method that mean it. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  /** Below which its template stands. */
  readonly basePath: string;
  readonly template: string;
  readonly open: boolean;
}

const orders = '/orders/1.0.0';
const whole = '/whole/2.0';
const mixed = '/mixed/1';
const free = '/free';
/** Those that say more stand before those that say less. */
export const operations: readonly Asked[] = [
  { method: 'GET', path: `${orders}/items`, basePath: orders, template: '/items', open: false },
  { method: 'POST', path: `${orders}/items`, basePath: orders, template: '/items', open: false },
  { method: 'GET', path: `${orders}/items/7`, basePath: orders, template: '/items/{id}', open: false },
  { method: 'GET', path: `${orders}/a!b`, basePath: orders, template: '/a!b', open: false },
  { method: 'GET', path: `${orders}/open/x/y`, basePath: orders, template: '/open/*', open: true },
  { method: 'PUT', path: `${whole}/any/thing`, basePath: whole, template: '/*', open: false },
  { method: 'GET', path: `${whole}/other`, basePath: whole, template: '/*', open: false },
  { method: 'GET', path: `${mixed}/a!b`, basePath: mixed, template: '/a!b', open: false },
  { method: 'GET', path: `${mixed}/a`, basePath: mixed, template: '/*', open: false },
  { method: 'GET', path: `${free}/x`, basePath: free, template: '/*', open: true },
];

const backends = {
  PRODUCTION: backendAt('http://127.0.0.1:9001/v1', limitOf(1000)),
  SANDBOX: backendAt('http://127.0.0.1:9002/v1', limitOf(1000)),
};
const tokens = { header: 'authorization', audiences: [], keyManagers: [] };
const apis = [
  sampleApi({
    backends,
    tokens,
    operations: [
      operationOf('/items', 'GET', { policy: policy('List') }),
      operationOf('/items', 'POST', { policy: policy('Add') }),
      operationOf('/items/{id}', 'GET', { policy: policy('One') }),
      operationOf('/a!b', 'GET', { policy: policy('Odd') }),
      operationOf('/open/*', '*', { policy: policy('Open'), open: true }),
    ],
  }),
  sampleApi({
    name: 'Whole',
    version: '2.0',
    context: '/whole',
    basePaths: [whole],
    backends,
    tokens,
    policy: policy('Whole'),
    operations: [operationOf('/*', '*')],
  }),
  sampleApi({
    name: 'Mixed',
    version: '1',
    context: '/mixed',
    basePaths: [mixed],
    backends,
    tokens,
    operations: [
      operationOf('/a!b', 'GET', { policy: policy('Odd') }),
      operationOf('/*', 'GET', { policy: policy('Rest') }),
    ],
  }),
  sampleApi({
    name: 'Free',
    context: '/free',
    basePaths: [free],
    backends,
    operations: [operationOf('/*', '*', { open: true })],
  }),
];

function application(
  name: string,
  owner: string,
  keys: Application['apiKeys'],
  consumerKey: string,
): Application {
  return {
    id: `${owner}/${name}`,
    name,
    owner,
    tier: { name: 'Tier', quotas: [requestQuota(limitOf(50))], burst: limitOf(5, 1000) },
    apiKeys: keys,
    consumerKeys: [{ keyType: 'PRODUCTION', consumerKey, keyManager: 'Resident Key Manager' }],
    subscriptions: apis.map((api) => ({ api, tier: gold, state: 'active' })),
  };
}

/** One character per byte, as they are sent. Each begins or ends like another one, or like its encoding. */
export const keys: readonly string[] = [
  'mobile',
  'mobile-sandbox',
  'mobile key',
  '"mobile"',
  'mobile,web',
  'mobile%20key',
  Buffer.from('mobïle', 'utf8').toString('latin1'),
  'web',
];

/** Their names and users would make one key of two, if colons weren't escaped. */
const applications = [
  application(
    'Mobile:App',
    'alice',
    keys.slice(0, 4).map((key, index) => apiKey(key, index === 1 ? 'SANDBOX' : 'PRODUCTION')),
    'mobile-app',
  ),
  application(
    'Mobile',
    'alice',
    keys.slice(4, 7).map((key) => apiKey(key)),
    'mobile',
  ),
  application('Banned', 'alice', [apiKey('banned')], 'banned-app'),
  application(
    'Web',
    '192.0.2.1',
    keys.slice(7).map((key) => apiKey(key)),
    'web-app',
  ),
];

const subjects = ['bob', 'App:bob', 'bob@carbon.super', 'App%3Abob', '192.0.2.1'];
export const bearers: readonly string[] = ['mobile-app', 'mobile', 'web-app'].flatMap((azp) =>
  subjects.map((sub) => signer.token({ azp, sub, exp: Math.floor(Date.now() / 1000) + 86_400 })),
);

/** Nobody may get in with these. */
export const deniedKey = 'banned';
export const deniedBearers: readonly string[] = [
  signer.token({ azp: 'banned-app', sub: 'bob' }),
  signer.token({ azp: 'web-app', sub: 'mallory' }),
];
export const deniedAddresses: readonly string[] = ['198.51.100.7', '2001:db8:0:bad:0:0:0:1'];

/** Proxies that may say who their client is, and others. */
export const trusted: readonly string[] = ['10.0.0.1', '10.200.3.4', 'fd00:0:0:1:0:0:0:1'];
export const strangers: readonly string[] = [
  '192.0.2.1',
  '192.0.2.10',
  '203.0.113.9',
  '2001:db8:0:1:0:0:0:1',
  '2001:db8:0:2:0:0:0:1',
];

export const served: ServedConfig = sampleConfig({
  listener: { trustedProxies: ['10.0.0.0/8', 'fd00::/8', '127.0.0.1'], underscoreNames: 'drop' },
  apis,
  applications,
  denyPolicies: [
    { kind: 'application', owner: 'alice', name: 'Banned' },
    { kind: 'user', user: 'mallory@carbon.super' },
    ...[
      ['198.51.100.7', '198.51.100.7'],
      ['2001:db8:0:bad::', '2001:db8:0:bad:ffff:ffff:ffff:ffff'],
    ].map(([from = '', to = '']) => {
      const range = { from: ipNumber(from), to: ipNumber(to) };
      return { kind: 'address', tenant: superTenant, range, inverted: false } as const;
    }),
  ],
  tokens: { issuers: [issuerOf({ certificates: signer.pem })], revoked: [], forwarded: false },
});
