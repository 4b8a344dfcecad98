import { describe, expect, test } from 'vitest';
import { environment, type Files, goodFiles, homeOf, lines, ordersYaml } from '../../test/config/homes.ts';
import type { Api } from '../policy/catalogue.ts';
import { readConfig } from './read-config.ts';

const at = 'apis/Desk/api_product.yaml';

/** A product of the good home's API, and of another one. */
const deskYaml = `type: api_product
version: v4.7.0
data:
  name: Desk
  context: /desk
  version: 2.0.0
  provider: admin
  lifeCycleStatus: PUBLISHED
  apiType: APIPRODUCT
  isDefaultVersion: false
  policies: [Gold]
  apiThrottlingPolicy: null
  securityScheme: [api_key]
  transport: [http, https]
  apis:
    - name: Orders
      apiId: 0a
      version: 1.0.0
      operations:
        - {id: "", target: "/items/{itemId}", verb: GET, authType: Application & Application User, throttlingPolicy: 10KPerMin, scopes: []}
        - {target: /status, verb: GET, authType: None}
    - name: Stock
      apiId: 0b
      operations:
        - {target: /shelves, verb: POST, scopes: [stock_write]}
`;

const stockYaml = ordersYaml
  .replace('name: Orders', 'name: Stock\n  id: 0b')
  .replace('/orders', '/stock')
  .replace('9001/v1', '9003/stock')
  .replace('production: 500', 'production: 7')
  .replace('{target: /items, verb: GET', '{target: /shelves, verb: POST');

const files: Files = { ...goodFiles, 'apis/Stock.yaml': stockYaml, [at]: deskYaml };

function read(changed: Files = {}) {
  const { config, diagnostics } = readConfig(homeOf({ ...files, ...changed }), environment);
  return { config, desk: config?.apis.find(({ name }) => name === 'Desk'), found: lines(diagnostics) };
}

/** Reads with a piece of the product replaced. */
function readWith(piece: string, by: string, changed: Files = {}) {
  if (!deskYaml.includes(piece)) throw new Error(`the product has no ${piece}`);
  return read({ [at]: deskYaml.replace(piece, () => by), ...changed });
}

function of(api: Api | undefined, target: string): string | undefined {
  return api?.operations.find((operation) => operation.target === target)?.of?.name;
}

describe('what a product is', () => {
  test('a face of its own over the operations that it lists, each of the API it belongs to', () => {
    const { desk, config, found } = read();
    expect(found).toEqual([]);
    expect(desk).toMatchObject({
      name: 'Desk',
      basePaths: ['/desk/2.0.0'],
      product: { provider: 'admin' },
      backends: {},
      blocked: false,
    });
    expect(
      desk?.operations.map(({ verb, target, open, scopes, policy }) => [
        verb,
        target,
        open,
        scopes,
        policy?.name,
      ]),
    ).toEqual([
      ['GET', '/items/{itemId}', false, undefined, '10KPerMin'],
      ['GET', '/status', true, undefined, undefined],
      ['POST', '/shelves', false, ['stock_write'], undefined],
    ]);
    const [orders, , stock] = desk?.operations.map((operation) => operation.of) ?? [];
    expect(config?.apis).toEqual(expect.arrayContaining([orders, stock]));
    expect([orders?.name, stock?.name]).toEqual(['Orders', 'Stock']);
  });

  test('also as a file alone, in JSON, and as the REST API answers it', () => {
    const { [at]: _, ...others } = files;
    expect(
      readConfig(homeOf({ ...others, 'apis/Desk.yaml': deskYaml }), environment).config?.apis,
    ).toHaveLength(3);
    const bare = deskYaml.replace(/^type.*\nversion.*\ndata:\n/, '').replaceAll(/^ {2}/gm, '');
    const { config, diagnostics } = readConfig(homeOf({ ...others, 'apis/Desk.yaml': bare }), environment);
    expect(lines(diagnostics)).toEqual([]);
    expect(config).toEqual(read().config);
  });

  test('one without a version is of the time when products had none in their paths', () => {
    const old = deskYaml.replace(/ {2}(version: 2|isDefault).*\n/g, '').replace('lifeCycleStatus', 'state');
    const { desk, found } = read({ [at]: old });
    expect(found).toEqual([]);
    expect(desk).toMatchObject({ version: '1.0.0', basePaths: ['/desk/1.0.0', '/desk'] });
  });

  test('its state is its own, under either name', () => {
    expect(readWith('lifeCycleStatus: PUBLISHED', 'state: BLOCKED').desk?.blocked).toBe(true);
    const { desk, found } = readWith('lifeCycleStatus: PUBLISHED', 'state: CREATED');
    expect([desk, found]).toEqual([
      undefined,
      [`${at}:8:10 warning[not-served] The API "Desk" is not served: its state is CREATED.`],
    ]);
    const created = { 'apis/Stock.yaml': stockYaml.replace('PUBLISHED', 'CREATED') };
    expect(of(read(created).desk, '/shelves')).toBe('Stock');
    const retired = { 'apis/Stock.yaml': stockYaml.replace('PUBLISHED', 'BLOCKED') };
    expect(read(retired).found).toEqual([
      `${at}:22:13 note[no-effect] The API "Stock" is BLOCKED; the product serves its operations all the same.`,
    ]);
  });

  test('an application subscribes to it by its name and version', () => {
    const application = goodFiles['applications/MobileApp.yaml'] ?? '';
    const more = `${application}    - {apiId: {apiName: Desk, version: 2.0.0, providerName: admin}, throttlingPolicy: Gold}\n`;
    const { config, desk } = read({ 'applications/MobileApp.yaml': more });
    expect(config?.applications[0]?.subscriptions.map(({ api }) => api)).toEqual([config?.apis[0], desk]);
  });

  test('its definition is no second list of operations', () => {
    const swagger = 'openapi: 3.0.1\ninfo: {title: Desk, version: 2.0.0}\npaths: {/other: {get: {}}}\n';
    const { desk, found } = read({ 'apis/Desk/Definitions/swagger.yaml': swagger });
    expect(desk?.operations).toHaveLength(3);
    expect(found).toEqual([
      'apis/Desk/Definitions/swagger.yaml:1:1 note[no-effect] The operations of a product are those of its api_product.yaml.',
    ]);
  });
});

describe('which API an entry of a product means', () => {
  const second = {
    'apis/Stock2.yaml': stockYaml.replace('version: 1.0.0', 'version: 2.0.0').replace('id: 0b', 'id: 0c'),
  };

  test('of several versions the one with its id', () => {
    const { desk, found } = read(second);
    expect(found).toEqual([]);
    expect(desk?.operations[2]?.of?.version).toBe('1.0.0');
  });

  test('or with its version, whatever its id is', () => {
    const { desk } = readWith('apiId: 0b', 'version: 2.0.0', second);
    expect(desk?.operations[2]?.of?.version).toBe('2.0.0');
  });

  test('by its id where it has no name', () => {
    expect(of(readWith('name: Stock\n      ', '').desk, '/shelves')).toBe('Stock');
  });

  test('an API whose own file has errors is no second error', () => {
    const { found } = read({ 'apis/Stock.yaml': stockYaml.replace('context: /stock', 'context: stock') });
    expect(found).toEqual(['apis/Stock.yaml:6:12 error[invalid-value] context must start with a slash.']);
    const nameless = { 'apis/Stock.yaml': stockYaml.replace('  name: Stock', '  name: [Stock]') };
    expect(read(nameless).found).toHaveLength(1);
    expect(readWith('name: Stock\n      ', '', nameless).found).toHaveLength(1);
  });
});
