import { describe, expect, test } from 'vitest';
import { environment, goodFiles, homeOf, lines, ordersYaml } from '../../test/config/homes.ts';
import type { Api } from '../policy/catalogue.ts';
import type { Diagnostic } from './diagnostic.ts';
import { readConfig } from './read-config.ts';

/** Reads one API, the good home's with its `data` changed line by line: a key's line is replaced, or left out. */
function read(changes: Readonly<Record<string, string>> = {}): {
  api: Api | undefined;
  found: readonly Diagnostic[];
} {
  let text = ordersYaml;
  for (const [key, line] of Object.entries(changes)) {
    const old = new RegExp(`^  ${key}:.*\n((?: {4}.*\n)*)`, 'm');
    const by = line === '' ? '' : `  ${key}: ${line}\n`;
    text = old.test(text) ? text.replace(old, by) : text + by;
  }
  const { 'applications/MobileApp.yaml': _, ...others } = goodFiles;
  const { config, diagnostics } = readConfig(
    homeOf({ ...others, 'apis/Orders/api.yaml': text }),
    environment,
  );
  return { api: config?.apis[0], found: diagnostics };
}

function codes(found: readonly Diagnostic[]): readonly string[] {
  return found.map(({ severity, code }) => `${severity} ${code}`);
}

describe('what an API file means', () => {
  test('a default version is also served without its version', () => {
    expect(read({ isDefaultVersion: '"true"' }).api?.basePaths).toEqual(['/orders/1.0.0', '/orders']);
  });

  test('of its subtype only AIAPI means something', () => {
    expect(read({ subtypeConfiguration: '{subtype: AIAPI, _configuration: "{}"}' }).api?.ai).toBe(true);
    for (const subtype of ['{subtype: DEFAULT}', 'null', '[]']) {
      const { api, found } = read({ subtypeConfiguration: subtype });
      expect([api?.ai, found]).toEqual([undefined, []]);
    }
  });

  test('a version that looks like a number is a name', () => {
    expect(read({ version: '1.0' }).api).toMatchObject({ version: '1.0', basePaths: ['/orders/1.0'] });
    expect(read({ version: '2' }).api).toMatchObject({ version: '2', basePaths: ['/orders/2'] });
  });

  test('no operations means everything, for five methods', () => {
    const expected = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].map((verb) => ({
      target: '/*',
      verb,
      open: false,
    }));
    for (const operations of ['', '[]', 'null'])
      expect(read({ operations }).api?.operations).toEqual(expected);
  });

  test('an API policy that limits is resolved, one that does not is none', () => {
    expect(read({ apiThrottlingPolicy: '10KPerMin' }).api?.policy).toMatchObject({ name: '10KPerMin' });
    expect(read({ apiThrottlingPolicy: 'Unlimited' }).api).not.toHaveProperty('policy');
    expect(read({ apiThrottlingPolicy: 'null' }).api).not.toHaveProperty('policy');
  });

  test('an API without tiers needs no subscription, with tiers it does', () => {
    const open = { name: 'DefaultSubscriptionless', quotas: [{ limit: { quota: 10_000 } }] };
    expect(read({ policies: '[]' }).api?.subscriptionless).toMatchObject(open);
    expect(read({ policies: '[DefaultSubscriptionless]' }).api?.subscriptionless).toMatchObject(open);
    expect(read({ policies: '[DefaultSubscriptionless, Gold]' }).api).not.toHaveProperty('subscriptionless');
    expect(read().api).not.toHaveProperty('subscriptionless');
    const stream = { name: 'AsyncDefaultSubscriptionless', quotas: [{ measure: 'events' }] };
    expect(read({ type: 'SSE', policies: '[]' }).api?.subscriptionless).toMatchObject(stream);
  });

  test.each([
    ['PUBLISHED', false],
    ['DEPRECATED', false],
    ['PROTOTYPED', false],
    ['null', false],
    ['BLOCKED', true],
  ])('in state %s it is served, blocked: %s', (lifeCycleStatus, blocked) => {
    expect(read({ lifeCycleStatus }).api).toMatchObject({ blocked });
  });

  test.each(['HTTP', 'SOAP', 'SOAPTOREST', 'null'])('type %s is served', (type) => {
    expect(read({ type }).api).toBeDefined();
  });

  test('SOAP is answered in SOAP, and needs POST only', () => {
    expect(read({ type: 'SOAP', operations: '' }).api).toMatchObject({
      soap: true,
      operations: [{ target: '/*', verb: 'POST' }],
    });
    expect(read({ type: 'SOAPTOREST' }).api).not.toHaveProperty('soap');
  });

  test.each(['WEBHOOK', 'ASYNC'])('type %s is not supported yet', (type) => {
    expect(codes(read({ type }).found)).toEqual(['error not-supported']);
  });

  test('the key travels in the header ApiKey, or where the API says', () => {
    expect(read().api?.apiKeyHeader).toBe('apikey');
    expect(read({ apiKeyHeader: 'X-My-Key' }).api?.apiKeyHeader).toBe('x-my-key');
    expect(codes(read({ apiKeyHeader: '"X: y"' }).found)).toEqual(['error invalid-value']);
  });

  test('other schemes beside api_key are accepted, certificates that are demanded are not', () => {
    expect(
      codes(read({ securityScheme: '[oauth2, api_key, oauth_basic_auth_api_key_mandatory]' }).found),
    ).toEqual([]);
    expect(codes(read({ securityScheme: '' }).found)).toEqual([]);
    expect(codes(read({ securityScheme: '[api_key, mutualssl, mutualssl_mandatory]' }).found)).toEqual([
      'error not-supported',
    ]);
    expect(codes(read({ securityScheme: '[]' }).found)).toEqual(['error not-supported']);
  });
});

describe('backends', () => {
  const endpoint = (url: string): string =>
    `{endpoint_type: http, production_endpoints: {url: "${url}", config: null}}`;

  test.each([
    ['http://127.0.0.1:9001', 'http://127.0.0.1:9001'],
    ['HTTPS://Orders.Internal:443/', 'https://orders.internal'],
    ['https://orders:8443/am/v1/api/', 'https://orders:8443/am/v1/api'],
    ['http://[::1]:80/a%20b/*', 'http://[::1]/a%20b/*'],
  ])('%s becomes %s', (url, expected) => {
    expect(read({ endpointConfig: endpoint(url), maxTps: '' }).api?.backends).toEqual({
      PRODUCTION: { targets: [{ url: expected }], choice: 'single' },
    });
  });

  test.each([
    'ftp://a',
    'http://',
    'http://a:99999',
    'http://a:0',
    'http://u@a',
    'http://a?b',
    'http://a/#',
    'http://a/../b',
    'http://a/%2E%2e/b',
    'http://a//b',
    'http://a b',
    'http://a/%zz',
    'http:/a',
    'http://a\\\\b',
  ])('%s is refused', (url) => {
    expect(codes(read({ endpointConfig: endpoint(url), maxTps: '' }).found)).toEqual(['error invalid-value']);
  });

  test('a list of one endpoint is one endpoint', () => {
    const endpointConfig =
      '{endpoint_type: http, sandbox_endpoints: [{url: "http://a", endpoint_type: http}]}';
    expect(read({ endpointConfig, maxTps: '' }).api?.backends).toEqual({
      SANDBOX: { targets: [{ url: 'http://a' }], choice: 'single' },
    });
  });

  test.each(['default', 'awslambda', 'service'])('endpoints of type %s are not supported yet', (type) => {
    const endpointConfig = `{endpoint_type: ${type}, production_endpoints: [{url: "http://a"}, {url: "http://b"}]}`;
    expect(codes(read({ endpointConfig }).found)).toEqual(['error not-supported']);
  });

  test.each([
    ['{production: 5, productionTimeUnit: MINUTE}', { PRODUCTION: [5, 60_000], SANDBOX: undefined }],
    [
      '{production: 5, sandbox: "7", sandboxTimeUnit: HOUR}',
      { PRODUCTION: [5, 1000], SANDBOX: [7, 3_600_000] },
    ],
    ['{production: null, sandbox: 0}', { PRODUCTION: undefined, SANDBOX: [0, 1000] }],
    [
      '{tokenBasedThrottlingConfiguration: {isTokenBasedThrottlingEnabled: false, productionMaxTotalTokenCount: -1}}',
      { PRODUCTION: undefined, SANDBOX: undefined },
    ],
    ['null', { PRODUCTION: undefined, SANDBOX: undefined }],
  ])('maxTps %s', (maxTps, limits) => {
    const { api, found } = read({ maxTps });
    expect(found).toEqual([]);
    for (const keyType of ['PRODUCTION', 'SANDBOX'] as const) {
      const expected = limits[keyType];
      const limit = expected && {
        kind: 'fixed-window',
        quota: expected[0],
        windowMs: expected[1],
        starts: 'first-request',
      };
      expect(api?.backends[keyType]?.limits?.[0]?.limit).toEqual(limit);
    }
  });

  test('a limit for an endpoint that does not exist is warned about', () => {
    const { found } = read({ endpointConfig: endpoint('http://a') });
    expect(codes(found)).toEqual(['warning unused-endpoint-limit']);
    expect(found[0]?.message).toContain('maxTps.sandbox');
  });
});

test("WSO2's other fields get no finding, fields that nobody knows a warning", () => {
  const { found } = read({
    id: '1eac20a4-4240-4fb7-8ced-c257e25e542d',
    corsConfiguration: '{corsConfigurationEnabled: false}',
    additionalProperties: '[]',
    gatewayType: 'wso2/synapse',
    mediationPolices: '[]',
    operations:
      '[{id: "", target: /a, verb: GET, scopes: [], usedProductIds: [], operationPolicies: {}, throttlingPolcy: x}]',
  });
  expect(
    lines(found)
      .map((line) => line.replace(/^\S+ /, ''))
      .toSorted(),
  ).toEqual(
    [
      'warning[unknown-key] "mediationPolices" is not a key that is known here; it has no effect.',
      'warning[unknown-key] "throttlingPolcy" is not a key that is known here; it has no effect.',
    ].toSorted(),
  );
  expect(found.map(({ hint }) => hint ?? '').toSorted()).toEqual([
    'Did you mean "mediationPolicies"?',
    'Did you mean "throttlingPolicy"?',
  ]);
});

test('all problems of one API are found in one run', () => {
  const { found } = read({
    name: '""',
    context: 'orders',
    policies: '[Golden]',
    operations: '[{target: x, verb: GET}, {target: /a, verb: got, throttlingPolicy: None}]',
    endpointConfig: '{production_endpoints: {url: "x"}}',
    maxTps: '{production: -1, sandbox: 1}',
  });
  expect(codes(found).filter((code) => code.startsWith('error'))).toHaveLength(8);
});
