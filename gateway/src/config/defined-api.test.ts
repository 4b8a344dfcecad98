import { describe, expect, test } from 'vitest';
import { environment, type Files, goodFiles, homeOf, lines, ordersYaml } from '../../test/config/homes.ts';
import type { Api } from '../policy/catalogue.ts';
import { readConfig } from './read-config.ts';

const { 'apis/Orders/api.yaml': _, 'applications/MobileApp.yaml': __, ...noApi } = goodFiles;

function read(files: Files): { api: Api | undefined; found: readonly string[] } {
  const { config, diagnostics } = readConfig(homeOf({ ...noApi, ...files }), environment);
  return { api: config?.apis[0], found: lines(diagnostics) };
}

const apiYaml = ordersYaml.replace(/ {2}operations:[^]*/, '');
const swaggerPath = 'apis/Orders/Definitions/swagger.yaml';

/** As WSO2 stores it beside an api.yaml. */
const stored = `openapi: 3.0.1
info:
  title: Orders
  version: 1.0.0
servers:
  - url: /
security:
  - default: []
paths:
  /items:
    get:
      responses:
        "200":
          description: OK
      security:
        - default: [orders_read, orders_all]
        - other: [orders_read]
      x-auth-type: Application & Application User
      x-throttling-tier: OrdersPolicy
    post:
      x-auth-type: None
      x-wso2-throttling-tier: Unlimited
  /items/{id}:
    parameters: []
    DELETE:
      x-wso2-disable-security: true
x-wso2-auth-header: X-Token
x-wso2-api-key-header: X-Key
x-wso2-basePath: /orders/1.0.0
`;

describe('an api.yaml without operations', () => {
  test('has those of its definition', () => {
    const { api, found } = read({ 'apis/Orders/api.yaml': apiYaml, [swaggerPath]: stored });
    expect(found).toEqual([]);
    expect(api?.operations).toMatchObject([
      { target: '/items', verb: 'GET', open: false, policy: { name: 'OrdersPolicy' } },
      { target: '/items', verb: 'POST', open: true },
      { target: '/items/{id}', verb: 'DELETE', open: true },
    ]);
    expect(api?.apiKeyHeader).toBe('x-key');
  });

  test.each([
    ['x-throttling-tier: OrdersPolicy', 'x-throttling-tier: None', '19:26 error[unknown-policy]'],
    ['x-auth-type: None', 'x-auth-type: Nobody', '21:20 error[invalid-value] authType'],
    ['  /items/{id}:', '  /items/{id}x:', '23:3 error[invalid-value] target may have'],
    ['X-Key', '"X Key"', '28:24 error[invalid-value] apiKeyHeader'],
  ])('has findings at the place in the definition: %s', (piece, by, says) => {
    const { found } = read({ 'apis/Orders/api.yaml': apiYaml, [swaggerPath]: stored.replace(piece, by) });
    expect(found).toEqual([expect.stringContaining(`${swaggerPath}:${says}`)]);
  });

  test('keeps what it says itself', () => {
    const own = apiYaml.replace(
      '  policies:',
      '  apiKeyHeader: Mine\n  apiThrottlingPolicy: null\n  policies:',
    );
    const { api } = read({
      'apis/Orders/api.yaml': own,
      [swaggerPath]: `x-throttling-tier: OrdersPolicy\n${stored}`,
    });
    expect(api).toMatchObject({ apiKeyHeader: 'mine' });
    expect(api).not.toHaveProperty('policy');
  });

  test('follows references inside the definition, and no others', () => {
    const paths = (reference: string): string => `openapi: 3.1.0
paths:
  /a: {$ref: '#/components/pathItems/one~1two'}
  /b: {$ref: '${reference}'}
components: {pathItems: {one/two: {get: {}}, loop: {$ref: '#/components/pathItems/loop'}}}
`;
    const files = (reference: string): Files => ({
      'apis/Orders/api.yaml': apiYaml,
      [swaggerPath]: paths(reference),
    });
    const { api } = read(files('#/paths/~1a'));
    expect(api?.operations.map(({ target, verb }) => `${verb} ${target}`)).toEqual(['GET /a', 'GET /b']);
    const at = `${swaggerPath}:4:14 error`;
    for (const outside of ['other.yaml#/a', 'file:///etc/passwd', 'http://127.0.0.1/x', '/etc/passwd'])
      expect(read(files(outside)).found).toEqual([expect.stringContaining(`${at}[not-supported]`)]);
    expect(read(files('#/nowhere')).found).toEqual([expect.stringContaining(`${at}[invalid-value]`)]);
    expect(read(files('#/components/pathItems/loop')).found).toHaveLength(1);
  });
});

describe('an api.yaml with operations', () => {
  test('holds, and what its definition says otherwise is a warning', () => {
    const { api, found } = read({ 'apis/Orders/api.yaml': ordersYaml, [swaggerPath]: stored });
    expect(api?.operations).toHaveLength(3);
    const differs = 'warning[definition-differs]';
    expect(found).toEqual([
      expect.stringContaining(`${swaggerPath}:20:5 ${differs} POST "/items" is not among`),
      expect.stringContaining(`${swaggerPath}:25:5 ${differs} DELETE "/items/{id}" is not among`),
      expect.stringMatching(
        /api\.yaml:16:53 warning\[definition-differs\] .* "OrdersPolicy", at .*swagger\.yaml:19; "Unlimited" holds/,
      ),
      expect.stringContaining(`api.yaml:17:7 ${differs} GET "/items/{id}" is not in`),
      expect.stringContaining(`api.yaml:18:7 ${differs} GET "/status" is not in`),
    ]);
  });

  test('has no finding when the definition says the same, whatever it calls its parameters', () => {
    const same = `openapi: 3.0.3
paths:
  /items: {get: {x-throttling-tier: Unlimited}}
  /items/{number}: {get: {x-throttling-tier: OrdersPolicy}}
  /status: {get: {x-auth-type: None}}
`;
    expect(read({ 'apis/Orders/api.yaml': ordersYaml, [swaggerPath]: same }).found).toEqual([]);
  });

  test.each(['swagger: "1.2"\n', 'asyncapi: 2.0.0\n', '[]\n', 'x\n'])(
    'is served with %j beside it',
    (text) => {
      const { api, found } = read({ 'apis/Orders/api.yaml': ordersYaml, [swaggerPath]: text });
      expect(api?.operations).toHaveLength(3);
      expect(found).toEqual([expect.stringContaining(`${swaggerPath}:1:1 warning[ignored-file]`)]);
    },
  );
});

const alone = `swagger: "2.0"
info: {title: Pet Store, version: v1}
host: petstore.example
schemes: [http]
basePath: /v2
paths:
  /pets:
    get: {x-auth-type: None}
`;

describe('an OpenAPI document alone is an API', () => {
  test('with what Swagger 2.0 says itself', () => {
    const { api, found } = read({ 'apis/pets.yaml': alone });
    expect(found).toEqual([]);
    expect(api).toMatchObject({
      name: 'PetStore',
      version: 'v1',
      context: '/v2',
      basePaths: ['/v2/v1', '/v2'],
      subscriptionless: { name: 'DefaultSubscriptionless' },
      backends: { PRODUCTION: { targets: [{ url: 'http://petstore.example/v2' }] } },
      operations: [{ target: '/pets', verb: 'GET', open: true }],
    });
  });

  test("with WSO2's extensions, as JSON in a project without an api.yaml", () => {
    const document = {
      openapi: '3.0.0',
      info: { title: 'Pets', version: '1' },
      servers: [{ url: 'https://other.example' }],
      'x-wso2-basePath': '/pets/{version}',
      'x-wso2-production-endpoints': { urls: ['http://a.example', 'http://b.example'], type: 'failover' },
      'x-wso2-sandbox-endpoints': { urls: ['http://c.example'] },
      'x-wso2-throttling-tier': '10KPerMin',
      'x-wso2-application-security': { 'security-types': ['api_key'], optional: false },
      'x-wso2-cors': { corsConfigurationEnabled: true, accessControlAllowMethods: ['GET'] },
      'x-wso2-transports': [],
      'x-wso2-disable-security': true,
      paths: { '/*': { get: { 'x-wso2-disable-security': false } } },
    };
    const path = 'apis/Pets/Definitions/swagger.json';
    const { api, found } = read({ [path]: JSON.stringify(document) });
    expect(found).toEqual([expect.stringContaining('note[no-effect] x-wso2-transports has no effect here')]);
    expect(api).toMatchObject({
      basePaths: ['/pets/1'],
      policy: { name: '10KPerMin' },
      cors: { origins: 'every', methods: ['GET'] },
      backends: {
        PRODUCTION: {
          targets: [{ url: 'http://a.example' }, { url: 'http://b.example' }],
          choice: 'failover',
        },
        SANDBOX: { targets: [{ url: 'http://c.example' }], choice: 'single' },
      },
      operations: [{ target: '/*', verb: 'GET', open: false }],
    });
  });

  test.each([
    ['without a title', alone.replace('title: Pet Store, ', ''), '1:1 error[missing-value] name is missing'],
    [
      'without a backend',
      alone.replace('host:', 'x-host:'),
      '1:1 error[missing-value] endpointConfig is missing',
    ],
    [
      'with a context that is no path',
      alone.replace('basePath: /v2', 'basePath: v2'),
      '5:11 error[invalid-value] context',
    ],
    [
      'with endpoints for a path',
      alone.replace('    get:', '    x-wso2-sandbox-endpoints: {urls: [http://x]}\n    get:'),
      '8:5 error[not-supported] "/pets" has endpoints',
    ],
    ['that demands certificates', `${alone}x-wso2-mutual-ssl: mandatory\n`, 'error[not-supported]'],
  ])('not %s', (_what, text, says) => {
    const { api, found } = read({ 'apis/pets.yaml': text });
    expect(api).toBeUndefined();
    expect(found.join('\n')).toContain(`apis/pets.yaml:${says.startsWith('error') ? '' : says}`);
    expect(found.join('\n')).toContain(says);
  });

  test('is exported by WSO2 with the version in its base path', () => {
    const text = alone.replace('basePath: /v2', 'x-wso2-basePath: /pets/v1');
    expect(read({ 'apis/pets.yaml': text }).api?.basePaths).toEqual(['/pets/v1']);
  });
});
