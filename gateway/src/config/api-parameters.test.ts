import { describe, expect, test } from 'vitest';
import { environment, type Files, goodFiles, homeOf, lines, ordersYaml } from '../../test/config/homes.ts';
import type { Api } from '../policy/catalogue.ts';
import { readConfig } from './read-config.ts';

const toml = goodFiles['repository/conf/deployment.toml'] ?? '';
const chosen = (name: string): Files => ({
  ...goodFiles,
  'repository/conf/deployment.toml': `${toml}\n[sluice.apis]\nenvironment = "${name}"\n`,
});
const variables = { ...environment.variables, PROD_HOST: 'prod.internal', PROD_WAIT: '2500' };

function read(files: Files): { api: Api | undefined; found: readonly string[] } {
  const { config, diagnostics } = readConfig(homeOf(files), { ...environment, variables });
  return { api: config?.apis[0], found: lines(diagnostics) };
}

const path = 'apis/Orders/api_params.yaml';

const parameters = `environments:
  - name: dev
    configs: {policies: [Nonsense], endpoints: {production: {url: "$UNSET"}}}
  - name: prod
    configs:
      endpoints:
        production:
          url: http://\${PROD_HOST}/v2
          config: {actionDuration: $PROD_WAIT, retryTimeOut: 3, factor: 2}
      security:
        production: {enabled: false}
      deploymentEnvironments:
        - {displayOnDevportal: true, deploymentEnvironment: Default, deploymentVhost: localhost}
      policies:
        - PartnerGold
`;

describe('the parameters of the chosen environment', () => {
  test('replace endpoints and tiers; variables are filled in', () => {
    const { api, found } = read({ ...chosen('prod'), [path]: parameters });
    expect(found).toEqual([
      expect.stringContaining('api.yaml:10:66 warning[unused-endpoint-limit] maxTps.sandbox'),
      `${path}:12:7 note[no-effect] deploymentEnvironments has no effect here: every API of the home is served.`,
    ]);
    const targets = [{ url: 'http://prod.internal/v2', headMsMax: 2500 }];
    expect(api?.backends).toMatchObject({ PRODUCTION: { targets, choice: 'single' } });
    expect(api?.backends).not.toHaveProperty('SANDBOX');
  });

  test.each([
    [
      'http://${PROD_HOST}/v2',
      '"${NOWHERE}"',
      '8:16 error[invalid-placeholder] The environment variable "NOWHERE"',
    ],
    ['http://${PROD_HOST}/v2', 'ftp://x', '8:16 error[invalid-value] url must start with'],
    [
      '- PartnerGold',
      '- PartnerGlod',
      '15:11 error[unknown-tier] There is no subscription tier named "PartnerGlod"',
    ],
    [
      '  production: {enabled: false}',
      '  production: {enabled: true, type: basic, password: hunter2}',
      '11:9 warning[not-supported]',
    ],
    ['endpoints:\n        production', 'endpoint:\n        production', '6:7 warning[unknown-key]'],
    ['      policies:', '      certs: []\n      policies:', '14:7 warning[not-supported] certs'],
    [
      '      policies:',
      '      endpointType: aws\n      policies:',
      '14:21 error[not-supported] Endpoints of type "awslambda"',
    ],
    [
      '      policies:',
      '      endpointType: dynamic\n      policies:',
      '14:21 error[not-supported] Endpoints of type "default"',
    ],
  ])('have their findings at their place: %j → %j', (piece, by, says) => {
    const { found } = read({ ...chosen('prod'), [path]: parameters.replace(piece, () => by) });
    expect(found).toContainEqual(expect.stringContaining(`${path}:${says}`));
    expect(found.join('\n')).not.toContain('hunter2');
  });

  test('may balance load or fail over', () => {
    const balanced = `environments:
  - name: prod
    configs:
      endpointType: rest
      endpointRoutingPolicy: load_balanced
      loadBalanceEndpoints:
        production: [{url: "http://a"}, {url: "http://b"}]
        sessionManagement: none
        algoClassName: org.apache.synapse.endpoints.algorithms.RoundRobin
`;
    const failover = `environments:
  - name: prod
    configs:
      endpointRoutingPolicy: failover
      failoverEndpoints:
        production: {url: "http://a"}
        productionFailovers: [{url: "http://b"}]
        sandbox: {url: "http://c"}
`;
    const targets = [{ url: 'http://a' }, { url: 'http://b' }];
    expect(read({ ...chosen('prod'), [path]: balanced }).api?.backends).toMatchObject({
      PRODUCTION: { targets, choice: 'round-robin' },
    });
    expect(read({ ...chosen('prod'), [path]: failover }).api?.backends).toMatchObject({
      PRODUCTION: { targets, choice: 'failover' },
      SANDBOX: { targets: [{ url: 'http://c' }] },
    });
  });

  test('may stand without configs, as older files have it, and with credentials for both key types', () => {
    const old = `environments:
  - name: prod
    endpoints: {production: {url: "http://a"}}
    security: {enabled: true, type: basic, username: u, password: hunter2}
    gatewayEnvironments: [Production and Sandbox]
`;
    const { api, found } = read({ ...chosen('prod'), [path]: old });
    expect(api?.backends.PRODUCTION?.targets).toEqual([{ url: 'http://a' }]);
    expect(found.filter((line) => line.includes('Credentials'))).toHaveLength(2);
  });

  test('may lie beside the project, in a folder with the name of the API', () => {
    const beside = 'apis/DeploymentArtifacts_Orders-1.0.0/params.yaml';
    expect(read({ ...chosen('prod'), [beside]: parameters }).api?.backends.PRODUCTION?.targets[0]?.url).toBe(
      'http://prod.internal/v2',
    );
    const other = beside.replace('Orders', 'Others');
    expect(read({ ...chosen('prod'), [other]: parameters }).found).toEqual([
      expect.stringContaining(`${other}:1:1 warning[ignored-file]`),
    ]);
  });
});

test('parameters are not applied in a home that says nothing about its environment, and that is said', () => {
  const { api, found } = read({ ...goodFiles, [path]: parameters });
  expect(api?.backends.PRODUCTION?.targets[0]?.url).toBe('http://127.0.0.1:9001/v1');
  expect(found).toEqual([expect.stringContaining(`${path}:1:1 warning[unknown-environment] No parameters`)]);
});

test('an environment without parameters is an error', () => {
  const { found } = read({ ...chosen('prd'), [path]: parameters });
  expect(found).toEqual([expect.stringContaining(`${path}:1:1 error[unknown-environment]`)]);
});

test.each(['api_params.yaml', 'schema.graphql'])('a project with nothing but %s is an error', (file) => {
  const { found } = read({ ...goodFiles, [`apis/Other/${file}`]: 'environments: []\n' });
  expect(found).toEqual([expect.stringContaining('apis/Other/:1:1 error[no-api]')]);
});

describe('placeholders in an api.yaml', () => {
  const withUrl = (url: string): Files => ({
    ...goodFiles,
    'apis/Orders/api.yaml': ordersYaml.replace('http://127.0.0.1:9001/v1', url),
  });

  test('are filled in from the environment', () => {
    const { api, found } = read(withUrl('http://${PROD_HOST}/v1'));
    expect(found).toEqual([]);
    expect(api?.backends.PRODUCTION?.targets[0]?.url).toBe('http://prod.internal/v1');
  });

  test('that are not set are an error, but not in fields that nobody reads', () => {
    expect(read(withUrl('http://${NOWHERE}/v1')).found).toEqual([
      expect.stringContaining('api.yaml:13:33 error[invalid-placeholder]'),
    ]);
    const text = ordersYaml.replace('  version: 1', '  description: costs ${PRICE}\n  version: 1');
    expect(read({ ...goodFiles, 'apis/Orders/api.yaml': text }).found).toEqual([]);
  });
});
