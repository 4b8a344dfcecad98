import fc from 'fast-check';
import { expect, test } from 'vitest';
import { environment, type Files, goodFiles, goodFilesWith, homeOf } from '../../test/config/homes.ts';
import type { Place } from './diagnostic.ts';
import { readConfig } from './read-config.ts';

const seed = 20_261_124;
const runs = 600;
/** Takes 3 s on a machine that is free. */
const timeoutMs = 60_000;

const pem = '-----BEGIN CERTIFICATE-----\n-----BEGIN ENCRYPTED PRIVATE KEY-----\nhunter2\n';
const machine = {
  ...environment,
  variables: { ...environment.variables, REDIS_HOST: 'redis.internal' },
  namedFile: () => ({ text: pem }),
};

/** The good home with algorithms and several endpoints, and with secrets in clear in every place where a file can hold one. */
const files: Files = {
  ...goodFilesWith(
    'policies/Subscription-PartnerGold.yaml',
    '  rateLimitTimeUnit: sec\n',
    '  rateLimitTimeUnit: sec\n  rateLimitAlgorithm: token-bucket\n  rateLimitBucketSize: 200\n',
  ),
  'apis/Orders/api.yaml': (goodFiles['apis/Orders/api.yaml'] ?? '')
    .replace('endpoint_type: http', 'endpoint_type: failover')
    .replace(
      '/v1"}\n',
      `/v1", config: {actionDuration: "30000"}}
    production_failovers:
      - {url: "http://127.0.0.1:9003/v2"}
    endpoint_security: {production: {enabled: true, type: BASIC, username: u, password: hunter2}}
`,
    ),
  'apis/Orders/Definitions/swagger.yaml': `swagger: "2.0"
paths:
  /items: {get: {x-auth-type: Any, x-throttling-tier: Unlimited}}
  "/items/{id}":
    get: {x-wso2-throttling-tier: OrdersPolicy}
    put: {}
`,
  'apis/Orders/api_params.yaml': `environments:
  - name: prod
    configs:
      endpointRoutingPolicy: failover
      failoverEndpoints:
        production: {url: "http://$REDIS_HOST/v1"}
        productionFailovers: [{url: "http://127.0.0.1:9003"}]
      security: {production: {enabled: true, type: basic, username: u, password: hunter2}}
      policies: [Gold, PartnerGold]
`,
  'repository/conf/deployment.toml': `${goodFiles['repository/conf/deployment.toml'] ?? ''}
[sluice.apis]
environment = "prod"
[sluice.backends]
head_ms_max = 5000
[sluice.backends.tls]
certificate = "tls/gateway.pem"
key = "tls/gateway.key"
key_passphrase = "hunter2"
[secrets]
redis_password = "[hunter2]"
[super_admin]
password = "hunter2"
`.replace('$env{REDIS_PASSWORD}', 'hunter2$secret{redis_password}'),
};

const depotYaml = `type: api
data:
  id: 0a
  name: Depot
  context: /depot
  version: 1.0.0
  policies: [Gold]
  endpointConfig: {production_endpoints: {url: "http://127.0.0.1:9008"}}
  operations: [{target: /*, verb: GET}]
`;

/** The same with HTTPS, threads, WebSockets and products. */
const moreFiles: Files = {
  ...files,
  'repository/conf/deployment.toml': `${files['repository/conf/deployment.toml'] ?? ''}
[sluice.listener.tls]
certificate = "tls/gateway.pem"
key = "tls/gateway.key"
key_passphrase = "hunter2"
minimum_version = "TLSv1.3"
ca = "tls/clients.pem"
client_certificates = "optional"
`.replace('http_port = 8280', 'http = false\nthreads = "auto"\nunderscore_names = "refuse"'),
  'apis/Pets/Definitions/swagger.json': JSON.stringify(
    {
      openapi: '3.0.1',
      info: { title: 'Pets', version: '1' },
      'x-wso2-basePath': '/pets',
      'x-wso2-production-endpoints': { urls: ['http://127.0.0.1:9006', 'http://127.0.0.1:9007'] },
      'x-wso2-sandbox-endpoints': { urls: ['http://127.0.0.1:9006'] },
      'x-wso2-application-security': { 'security-types': ['api_key'], optional: true },
      paths: { '/a': { $ref: '#/x/b' } },
      x: { b: { get: { 'x-throttling-tier': '10KPerMin', security: [{ default: ['s'] }] } } },
    },
    undefined,
    1,
  ),
  'apis/Chat.yaml': `type: api
data:
  name: Chat
  context: /chat
  version: 1.0.0
  type: WS
  policies: []
  endpointConfig:
    endpoint_type: load_balance
    algoCombo: org.apache.synapse.endpoints.algorithms.RoundRobin
    sessionManagement: transport
    production_endpoints: [{url: "ws://127.0.0.1:9004"}, {url: "wss://127.0.0.1:9005/chat"}]
  operations:
    - {target: /*, verb: SUBSCRIBE}
    - {target: /*, verb: PUBLISH}
`,
  'apis/Desk/api_product.yaml': `type: api_product
data:
  name: Desk
  context: /desk
  provider: admin
  state: PUBLISHED
  policies: [Gold]
  apis:
    - {name: Orders, version: 1.0.0, operations: [{target: "/items/{item}", verb: GET, scopes: [s]}]}
    - name: Depot
      apiId: 0a
      operations: [{target: /*, verb: GET, throttlingPolicy: 10KPerMin}]
`,
  'apis/Desk/APIs/Depot-1.0.0/api.yaml': depotYaml,
  'apis/Desk/api_product_params.yaml': `environments:
  - name: prod
    configs:
      policies: [Bronze]
      dependentAPIs:
        Depot-1.0.0: {endpoints: {production: {url: "http://$REDIS_HOST"}}}
`,
  'apis/Stall/api_product.yaml': `type: api_product
data: {name: Stall, context: /stall, version: 1.0.0, provider: admin, policies: [], apis: [{apiId: 0a, operations: [{target: /*, verb: GET}]}]}
`,
  'apis/Stall/APIs/Depot-1.0.0/api.yaml': depotYaml,
};

const lineOf = fc.record({
  path: fc.nat(),
  line: fc.nat(60),
  column: fc.nat(60),
  character: fc.constantFrom(...' \t"\'{}[]:=,-#&*!|>%@$\n\0é0aZ.~<'.split('')),
});
const mutation = fc.record({
  how: fc.constantFrom(
    'drop the line',
    'double the line',
    'change a character',
    'add a character',
    'drop a character',
  ),
  where: lineOf,
});
type Mutation = typeof mutation extends fc.Arbitrary<infer Value> ? Value : never;

function mutate(home: Files, { how, where }: Mutation): Files {
  const paths = Object.keys(home);
  const path = paths[where.path % paths.length] ?? '';
  const all = (home[path] ?? '').split('\n');
  const index = where.line % all.length;
  const line = all[index] ?? '';
  const column = where.column % (line.length + 1);
  const [before, after] = [line.slice(0, column), line.slice(column)];
  const lines = {
    'drop the line': [],
    'double the line': [line, line],
    'change a character': [before + where.character + after.slice(1)],
    'add a character': [before + where.character + after],
    'drop a character': [before + after.slice(1)],
  }[how];
  return { ...home, [path]: all.toSpliced(index, 1, ...(lines ?? [])).join('\n') };
}

/** A finding about something that isn't a file stands at its beginning. */
function isInside({ file, line, column, text }: Place, home: Files): boolean {
  const lines = home[file]?.split('\n');
  if (lines === undefined) return line === 1 && column === 1 && text === '';
  return line >= 1 && line <= lines.length && column >= 1 && column <= (lines[line - 1]?.length ?? 0) + 1;
}

test.each([
  ['home', files],
  ['home with HTTPS and WebSockets', moreFiles],
])(
  `a mutated %s gives a config or errors with a place inside a file, and never shows a secret (seed ${seed})`,
  { timeout: timeoutMs },
  (_, whole) => {
    const seen = { sound: 0, errors: 0, syntax: 0 };
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 3 }), (mutations) => {
        const mutated = mutations.reduce(mutate, whole);
        const { config, diagnostics } = readConfig(homeOf(mutated), machine);
        const errors = diagnostics.filter(({ severity }) => severity === 'error');
        expect(config === undefined).toBe(errors.length > 0);
        expect(diagnostics.filter(({ at }) => !isInside(at, mutated))).toEqual([]);
        const said = JSON.stringify(diagnostics);
        expect(said).not.toContain('hunter2');
        // The schema library's own words would mean that an expectation has none.
        expect(said).not.toMatch(/Invalid input|Invalid option|Too (big|small)/);
        if (errors.length === 0) seen.sound += 1;
        else seen.errors += 1;
        if (errors.some(({ code }) => code === 'syntax')) seen.syntax += 1;
      }),
      { seed, numRuns: runs },
    );
    // A run that only ever met one kind of outcome would have proved little.
    expect(
      Math.min(seen.sound, seen.errors - seen.syntax, seen.syntax),
      JSON.stringify(seen),
    ).toBeGreaterThan(50);
  },
);

test('the homes that are mutated are sound', () => {
  const codesOf = (home: Files): readonly string[] =>
    readConfig(homeOf(home), machine)
      .diagnostics.filter(({ severity }) => severity === 'error')
      .map(({ code }) => code);
  expect(codesOf(files)).toEqual([]);
  expect(codesOf(moreFiles)).toEqual([]);
});
