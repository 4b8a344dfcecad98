import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config/read-config.ts';
import type { Charge } from '../../src/policy/plan.ts';
import type { ServedConfig } from '../../src/proxy/serving.ts';
import { environment, type Files, homeOf, lines } from '../config/homes.ts';
import { issuerOf, jwksOf, Signer } from '../support/signer.ts';
import { apiProduct, apiProject, application, subscriptionPolicy } from '../support/test-home.ts';
import { until } from '../support/until.ts';
import { admitAll, RunningGateway } from './running-gateway.ts';

const items = '[{target: /items, verb: GET}, {target: /open, verb: GET, authType: None}]';
const shelves = '[{target: /shelves, verb: GET}]';

/** A product of two APIs, of which one isn't served itself and has no sandbox. */
function filesOf(backendUrl: string): Files {
  const { port } = new URL(backendUrl);
  const production = Number(port);
  const orders = apiProject({
    name: 'Orders',
    production,
    sandbox: production,
    policies: ['Gold'],
    operations: items,
  });
  const stock = apiProject({
    name: 'Stock',
    production,
    policies: ['Gold'],
    operations: shelves,
    more: ['lifeCycleStatus: CREATED'],
    maxTps: '{production: 5}',
  });
  return {
    'deployment.toml': '',
    'apis/Orders.yaml': orders
      .replaceAll(/(127\.0\.0\.1:\d+)"}\n/g, '$1/orders"}\n')
      .replace('/orders"}', '/live"}'),
    'apis/Stock.yaml': stock.replace(/(127\.0\.0\.1:\d+)"}\n/, '$1/stock/v2"}\n'),
    'apis/Desk.yaml': apiProduct({
      name: 'Desk',
      apis: { Orders: items, Stock: shelves },
      policies: ['Plan'],
    }),
    'policies/Plan.yaml': subscriptionPolicy('Plan', { perHour: 100, burstPerMinute: 10 }),
    'applications/Web.yaml': application('Web', { Desk: 'Plan' }),
    'applications/Direct.yaml': application('Direct', { Orders: 'Gold' }),
  };
}

let signer: Signer;
let gateway: RunningGateway;
let files: Files;
let charged: readonly Charge[];

beforeAll(() => {
  signer = new Signer();
});
afterEach(() => gateway.close());

function configOf(changed: Files = {}): ServedConfig {
  const { config, diagnostics } = readConfig(homeOf({ ...files, ...changed }), environment);
  if (config === undefined) throw new Error(lines(diagnostics).join('\n'));
  const issuers = [issuerOf({ jwks: jwksOf(signer), certificates: signer.pem })];
  return { ...config, tokens: { issuers, revoked: [], forwarded: false } };
}

async function start(): Promise<void> {
  charged = [];
  gateway = await RunningGateway.start({
    config: (url) => {
      files = filesOf(url);
      return configOf();
    },
  });
  gateway.decide = (charges) => {
    charged = charges;
    return admitAll(charges);
  };
}

/** The status, and the code of a refusal or where the request arrived. */
async function ask(path: string, ...fields: readonly string[]): Promise<string> {
  const arrived = gateway.seen.length;
  const client = gateway.connect().request(`GET ${path}`, 'Connection: close', ...fields);
  await until(() => client.ended);
  const [, status] = /^HTTP\/1\.1 (\d+)/.exec(client.received) ?? [];
  const code = /"code":"(\d+)"/.exec(client.received)?.[1];
  return `${status} ${code ?? gateway.seen[arrived]?.url}`;
}

const keyOf = (name: string): string => `ApiKey: ${name}`;
const web = keyOf('Web-production');

describe('a request to a product', () => {
  test('reaches the API that its operation belongs to, by the type of its key', async () => {
    await start();
    expect(await ask('/desk/1.0.0/items?a=1', web)).toBe('200 /live/items?a=1');
    expect(await ask('/desk/1.0.0/items', keyOf('Web-sandbox'))).toBe('200 /orders/items');
    expect(await ask('/desk/1.0.0/open')).toBe('200 /live/open');
    expect(await ask('/desk/1.0.0/shelves', web)).toBe('200 /stock/v2/shelves');
    expect(await ask('/desk/1.0.0/shelves', keyOf('Web-sandbox'))).toBe('403 900901');
    expect(await ask('/stock/1.0.0/shelves', web)).toBe('404 404');
    expect(await ask('/desk/1.0.0/others', web)).toBe('403 900906');
  });

  test('pays under the product, but for the backend', async () => {
    await start();
    await ask('/desk/1.0.0/shelves', web);
    expect(charged.map(({ key }) => key)).toEqual([
      'subscription@3600000:tester/Web:Desk:admin:Plan',
      'burst@60000:tester/Web:Desk:admin:Plan',
      'backend@1000:/stock:1.0.0:PRODUCTION',
    ]);
    expect(gateway.records[0]).toMatchObject({
      api: { name: 'Desk', version: '1.0.0' },
      operation: '/shelves',
      application: 'Web',
    });
  });

  test('needs a subscription to the product; one to its API is another', async () => {
    await start();
    expect(await ask('/desk/1.0.0/items', keyOf('Direct-production'))).toBe('403 900908');
    expect(await ask('/orders/1.0.0/items', keyOf('Direct-production'))).toBe('200 /live/items');
    expect(await ask('/orders/1.0.0/items', web)).toBe('403 900908');
  });

  test('may have a token that says it is subscribed', async () => {
    await start();
    const open = { 'apis/Desk.yaml': (files['apis/Desk.yaml'] ?? '').replace('[api_key]', '[oauth2]') };
    gateway.goBy(configOf(open));
    const subscribed = (name: string): string =>
      signer.token({
        azp: 'unknown-to-files',
        application: { id: 7, uuid: 'u-1', name: 'Shop', owner: 'dave', tier: 'Unlimited' },
        keytype: 'PRODUCTION',
        tierInfo: {},
        subscribedAPIs: [
          { name, context: '/desk/1.0.0', version: '1.0.0', publisher: 'admin', subscriptionTier: 'Plan' },
        ],
      });
    expect(await ask('/desk/1.0.0/items', `Authorization: Bearer ${subscribed('Desk')}`)).toBe(
      '200 /live/items',
    );
    expect(charged[0]?.key).toMatch(/^subscription@3600000:<.*>app\/u-1:Desk:admin:Plan$/);
    expect(await ask('/desk/1.0.0/items', `Authorization: Bearer ${subscribed('Orders')}`)).toBe(
      '403 900908',
    );
  });

  test('is denied by the context of the product, and not by that of its API', async () => {
    await start();
    const denied = (context: string): Files => ({
      'deny-policies/one.yaml': `conditionType: API\nconditionValue: ${context}\nconditionStatus: true\n`,
    });
    gateway.goBy(configOf(denied('/orders/1.0.0')));
    expect(await ask('/desk/1.0.0/items', web)).toBe('200 /live/items');
    gateway.goBy(configOf(denied('/desk/1.0.0')));
    expect(await ask('/desk/1.0.0/items', web)).toBe('403 900805');
    expect(await ask('/orders/1.0.0/items', keyOf('Direct-production'))).toBe('200 /live/items');
  });

  test('goes by the product that is in force: products come, change and go', async () => {
    await start();
    const desk = files['apis/Desk.yaml'] ?? '';
    const { 'apis/Desk.yaml': _, 'applications/Web.yaml': __, ...without } = files;
    const all = files;
    files = without;
    gateway.goBy(configOf());
    expect(await ask('/desk/1.0.0/items', web)).toBe('404 404');
    files = all;
    gateway.goBy(configOf());
    expect(await ask('/desk/1.0.0/items', web)).toBe('200 /live/items');
    gateway.goBy(configOf({ 'apis/Desk.yaml': desk.replace('{target: /items, verb: GET}, ', '') }));
    expect(await ask('/desk/1.0.0/items', web)).toBe('403 900906');
    gateway.goBy(configOf({ 'apis/Desk.yaml': desk.replace('PUBLISHED', 'BLOCKED') }));
    expect(await ask('/desk/1.0.0/items', web)).toBe('503 700700');
    gateway.goBy(
      configOf({
        'apis/Desk.yaml': desk.replace('[Plan]', '[]'),
        'applications/Web.yaml': application('Web', {}),
      }),
    );
    expect(await ask('/desk/1.0.0/items', web)).toBe('200 /live/items');
    expect(charged[0]?.key).toBe('subscription@60000:tester/Web:Desk:admin:DefaultSubscriptionless');
  });
});
