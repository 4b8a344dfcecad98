import { describe, expect, test } from 'vitest';
import { environment, type Files, goodFiles, homeOf, lines, ordersYaml } from '../../test/config/homes.ts';
import { readConfig } from './read-config.ts';

const productYaml = (name: string): string => `type: api_product
version: v4.7.0
data:
  name: ${name}
  context: /${name.toLowerCase()}
  version: 1.0.0
  provider: admin
  state: PUBLISHED
  policies: [Gold]
  securityScheme: [api_key]
  apis: [{name: Stock, version: 1.0.0, operations: [{target: /items, verb: GET}]}]
`;

/** As two exports of one API differ. */
const stockYaml = ordersYaml.replace('name: Orders', 'id: one\n  name: Stock').replace('/orders', '/stock');
const exportedAgain = stockYaml
  .replace('id: one', 'id: two\n  lastUpdatedTime: 1700000000000\n  isRevision: true\n  type: null')
  .replace('{target: /items,', '{id: "", usedProductIds: [x], target: /items,');

const desk = 'apis/Desk.zip/Desk-1.0.0';
const files: Files = {
  ...goodFiles,
  [`${desk}/api_product.yaml`]: productYaml('Desk'),
  [`${desk}/APIs/Stock-1.0.0/api.yaml`]: stockYaml,
  [`${desk}/APIs/Stock-1.0.0/Docs/`]: '',
  [`${desk}/api_product_meta.yaml`]: '',
};

function read(changed: Files = {}, toml = '') {
  const settings = (goodFiles['repository/conf/deployment.toml'] ?? '') + toml;
  const home = homeOf({ ...files, 'repository/conf/deployment.toml': settings, ...changed });
  const { config, diagnostics } = readConfig(home, environment);
  const api = (name: string) => config?.apis.find((one) => one.name === name);
  const found = lines(diagnostics).filter((line) => !line.includes('Without effect here'));
  return { names: config?.apis.map(({ name }) => name), api, found };
}

describe('APIs in the project of a product', () => {
  test('are APIs of the home', () => {
    const { names, api, found } = read();
    expect([names, found]).toEqual([['Stock', 'Orders', 'Desk'], []]);
    expect(api('Desk')?.operations[0]?.of).toBe(api('Stock'));
  });

  test('are told of with the parts of their projects', () => {
    const home = homeOf(files);
    expect(lines(readConfig(home, environment).diagnostics)).toEqual([
      `${desk}/:1:1 note[no-effect] Without effect here: api_product_meta.yaml.`,
      `${desk}/APIs/Stock-1.0.0/:1:1 note[no-effect] Without effect here: Docs.`,
    ]);
  });

  test('may have a project of their own too, and stand in several products', () => {
    const { names, found } = read({
      'apis/Stock.yaml': exportedAgain,
      'apis/Bar/api_product.yaml': productYaml('Bar'),
      'apis/Bar/APIs/Stock-1.0.0/api.yaml': exportedAgain,
    });
    expect([names?.toSorted(), found]).toEqual([['Bar', 'Desk', 'Orders', 'Stock'], []]);
  });

  test('but must be the same then', () => {
    const other = exportedAgain.replace('500', '501');
    const says = (first: string): string =>
      `error[duplicate] The home has this version of the API "Stock" already, at ${first}, and it is not the same.`;
    const beside = read({ 'apis/Stock.yaml': other });
    expect(beside.found).toEqual([`${desk}/APIs/Stock-1.0.0/api.yaml:5:9 ${says('apis/Stock.yaml:8')}`]);
    const inOther = { 'apis/Bar/api_product.yaml': productYaml('Bar'), 'apis/Bar/APIs/S/api.yaml': other };
    expect(read(inOther).found).toEqual([
      `${desk}/APIs/Stock-1.0.0/api.yaml:5:9 ${says('apis/Bar/APIs/S/api.yaml:8')}`,
    ]);
  });
});

test('parameters of an API that is taken from elsewhere are told to be ignored', () => {
  const parameters = `${desk}/APIs/Stock-1.0.0/api_params.yaml`;
  const { api, found } = read({
    'apis/Stock.yaml': exportedAgain,
    [parameters]: 'environments: [{name: prod, configs: {policies: [Silver]}}]',
  });
  expect(api('Stock')?.name).toBe('Stock');
  expect(found).toEqual([
    `${parameters}:1:1 warning[ignored-file] This API is taken from elsewhere in the home, with its parameters; these have no effect.`,
  ]);
});

describe('parameters of a product', () => {
  const parameters = (names: string): string => `environments:
  - name: prod
    configs:
      policies: [Bronze]
      deploymentEnvironments: [{deploymentEnvironment: Default}]
      dependentAPIs:
        ${names}:
          endpoints: {production: {url: "http://127.0.0.1:9999/x"}}
          policies: [Silver]
`;
  const inProd = '\n[sluice.apis]\nenvironment = "prod"\n';
  const path = `${desk}/api_product_params.yaml`;

  test('replace its tiers, and what its APIs in the project say', () => {
    const application = (goodFiles['applications/MobileApp.yaml'] ?? '').replace('Orders', 'Desk');
    const changed = { [path]: parameters('Stock-1.0.0'), 'applications/MobileApp.yaml': application };
    const { api, found } = read(changed, inProd);
    expect(api('Stock')?.backends.PRODUCTION?.targets).toEqual([{ url: 'http://127.0.0.1:9999/x' }]);
    expect(found).toEqual([
      expect.stringContaining('maxTps.sandbox has no effect: the API has no sandbox_endpoints.'),
      `${path}:5:7 note[no-effect] deploymentEnvironments has no effect here: every API of the home is served.`,
      expect.stringContaining('The API "Desk" doesn\'t offer the tier "PartnerGold"'),
    ]);
  });

  test('say so when they are for an API that lies elsewhere', () => {
    const { api, found } = read({ [path]: parameters('Orders-1.0.0') }, inProd);
    expect(api('Orders')?.backends.PRODUCTION?.targets[0].url).toBe('http://127.0.0.1:9001/v1');
    expect(found).toContain(
      `${path}:7:9 warning[no-effect] These parameters of "Orders-1.0.0" have no effect: the API isn't in the product's APIs/, is taken from elsewhere in the home, or has parameters of its own.`,
    );
  });

  test.each([
    ['is taken from elsewhere', { 'apis/Stock.yaml': exportedAgain }],
    [
      'has parameters of its own',
      {
        [`${desk}/APIs/Stock-1.0.0/api_params.yaml`]:
          'environments: [{name: prod, configs: {policies: [Silver]}}]',
      },
    ],
  ])('say so when their API %s', (_, changed: Files) => {
    const { api, found } = read({ [path]: parameters('Stock-1.0.0'), ...changed }, inProd);
    expect(api('Stock')?.backends.PRODUCTION?.targets[0].url).not.toBe('http://127.0.0.1:9999/x');
    expect(found).toContainEqual(
      expect.stringContaining(
        `${path}:7:9 warning[no-effect] These parameters of "Stock-1.0.0" have no effect:`,
      ),
    );
  });

  test('are checked', () => {
    expect(read({ [path]: parameters('Stock-1.0.0').replace('[Silver]', '7') }, inProd).found).toContainEqual(
      expect.stringContaining(
        `${path}:9:21 error[invalid-value] policies: found 7, expected a list of tiers.`,
      ),
    );
  });
});
