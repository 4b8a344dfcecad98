import { describe, expect, test } from 'vitest';
import { machineEnvironment } from '../../src/cli/machine.ts';
import type { HomeFile } from '../../src/config/home.ts';
import { readConfig } from '../../src/config/read-config.ts';

const api = (operations: string): string => `
type: api
data:
  name: Languages
  context: /gql
  version: 1.0.0
  type: GRAPHQL
  policies: [Bounded]
  endpointConfig: {production_endpoints: {url: "http://127.0.0.1:9001"}}
  operations: ${operations}
`;
const schema = 'type Query { languages: [String] }\ntype Mutation { add: String }';
const policy = (more: string): string => `
type: throttling policy
subtype: subscription policy
data:
  policyName: Bounded
  stopOnQuotaReach: true
  defaultLimit: {type: REQUESTCOUNTLIMIT, requestCount: {timeUnit: min, unitTime: 1, requestCount: 5}}
  ${more}
`;
const good = {
  'deployment.toml': '',
  'apis/L/api.yaml': api(
    '[{target: languages, verb: QUERY, throttlingPolicy: 10KPerMin}, {target: add, verb: MUTATION}]',
  ),
  'apis/L/Definitions/schema.graphql': schema,
  'apis/L/Definitions/graphql-complexity.yaml': `
type: graphql_complexity
version: v4.7.0
data:
  list:
    - {type: Query, field: languages, complexityValue: 7}
`,
  'policies/Bounded.yaml': policy('graphQLMaxDepth: 3\n  graphQLMaxComplexity: 20'),
  'applications/A.yaml': `
type: application
data:
  applicationInfo: {name: A, owner: o}
  subscribedAPIs: [{apiId: {apiName: Languages, version: 1.0.0}, throttlingPolicy: Bounded}]
`,
};

function read(more: Readonly<Record<string, string | undefined>> = {}) {
  const files: HomeFile[] = Object.entries({ ...good, ...more }).flatMap(([path, text]) =>
    text === undefined ? [] : [{ path, text }],
  );
  const { config, diagnostics } = readConfig(files, machineEnvironment('/'));
  const found = diagnostics.map(
    ({ severity, code, at, message }) => `${severity} ${code} ${at.file}:${at.line} ${message}`,
  );
  return { config, found };
}

describe('an API of type GRAPHQL', () => {
  test('has the schema and the complexity values of its project, and bounds of its plans', () => {
    const { config, found } = read();
    expect(found).toEqual([]);
    expect(config?.apis[0]).toMatchObject({
      graphql: { schema, complexity: new Map([['Query.languages', 7]]) },
      operations: [
        { target: '/languages', verb: 'QUERY', policy: { name: '10KPerMin' } },
        { target: '/add', verb: 'MUTATION' },
      ],
    });
    const [subscription] = config?.applications[0]?.subscriptions ?? [];
    expect(subscription?.tier.graphql).toEqual({ depthMax: 3, complexityMax: 20 });
  });

  test('0 is no bound', () => {
    const { config } = read({
      'policies/Bounded.yaml': policy('graphQLMaxDepth: 0\n  graphQLMaxComplexity: null'),
    });
    expect(config?.applications[0]?.subscriptions[0]?.tier).not.toHaveProperty('graphql');
  });

  test('complexity values may also stand at the top, as the publisher’s API has them, or nowhere', () => {
    const list = 'list: [{type: Query, field: languages, complexityValue: 2}]';
    const at = 'apis/L/Definitions/graphql-complexity.yaml';
    expect(read({ [at]: list }).config?.apis[0]?.graphql?.complexity).toEqual(
      new Map([['Query.languages', 2]]),
    );
    expect(read({ [at]: undefined }).config?.apis[0]?.graphql?.complexity).toEqual(new Map());
  });

  test.each<[string, Readonly<Record<string, string | undefined>>, RegExp]>([
    [
      'no schema',
      { 'apis/L/Definitions/schema.graphql': undefined },
      /^error missing-value apis\/L\/api.yaml:7 .*needs its schema/,
    ],
    [
      'a broken schema',
      { 'apis/L/Definitions/schema.graphql': 'type Query {\n a: \n}' },
      /^error syntax apis\/L\/Definitions\/schema.graphql:3 /,
    ],
    [
      'an operation that the schema lacks',
      { 'apis/L/api.yaml': api('[{target: nothing, verb: QUERY}]') },
      /^warning no-effect .*no query "nothing"/,
    ],
    [
      'an operation of HTTP',
      { 'apis/L/api.yaml': api('[{target: languages, verb: GET}]') },
      /^error invalid-value .*"QUERY", "MUTATION", "SUBSCRIPTION"/,
    ],
    [
      'a path',
      { 'apis/L/api.yaml': api('[{target: /languages, verb: QUERY}]') },
      /^error invalid-value .*must be the name of a field/,
    ],
    [
      'a negative value',
      { 'apis/L/Definitions/graphql-complexity.yaml': 'list: [{type: Q, field: f, complexityValue: -1}]' },
      /^error invalid-value .*complexityValue/,
    ],
  ])('%s is found', (_, more, finding) => {
    expect(read(more).found).toContainEqual(expect.stringMatching(finding));
  });
});
