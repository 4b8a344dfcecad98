import type { Diagnostic } from '../../src/config/diagnostic.ts';
import type { Environment, Home } from '../../src/config/home.ts';

/** Files by path. */
export type Files = Readonly<Record<string, string>>;

export const environment: Environment = {
  variables: { REDIS_PASSWORD: 'hunter2' },
  hostName: 'test-host',
  namedFile: () => ({ problem: 'ENOENT' }),
};

export function homeOf(files: Files): Home {
  return Object.entries(files).map(([path, text]) => ({ path, text }));
}

/** Findings as `file:line:column severity[code] message`, as `sluice check` begins each. */
export function lines(diagnostics: readonly Diagnostic[]): readonly string[] {
  return diagnostics.map(
    ({ severity, code, message, at }) => `${at.file}:${at.line}:${at.column} ${severity}[${code}] ${message}`,
  );
}

const deploymentToml = `[apim.redis_config]
host = "127.0.0.1"
port = 6379
user = "gw"
password = "$env{REDIS_PASSWORD}"
gateway_id = "gw1"
min_gateway_count = 3

[throttle_properties]
'throttling.distributed.counter.type' = "redis"

[server]
offset = 0

[sluice.listener]
http_port = 8280
trusted_proxies = ["10.0.0.0/8", "fd00::1"]

[sluice.store]
on_failure = "local"

[sluice.store.on_failure_of]
backend = "deny"
`;

export const ordersYaml = `type: api
version: v4.7.0
data:
  name: Orders
  context: /orders
  version: 1.0.0
  lifeCycleStatus: PUBLISHED
  policies: [Gold, PartnerGold]
  securityScheme: [api_key]
  maxTps: {production: 500, productionTimeUnit: SECOND, sandbox: 50}
  endpointConfig:
    endpoint_type: http
    production_endpoints: {url: "http://127.0.0.1:9001/v1"}
    sandbox_endpoints: {url: "http://127.0.0.1:9002"}
  operations:
    - {target: /items, verb: GET, throttlingPolicy: Unlimited}
    - {target: "/items/{id}", verb: GET, throttlingPolicy: OrdersPolicy}
    - {target: /status, verb: GET, authType: None}
`;

const partnerGoldYaml = `type: throttling policy
subtype: subscription policy
version: v4.7.0
data:
  policyName: PartnerGold
  defaultLimit:
    type: REQUESTCOUNTLIMIT
    requestCount: {timeUnit: min, unitTime: 1, requestCount: 5000}
    bandwidth: null
  rateLimitCount: 100
  rateLimitTimeUnit: sec
  stopOnQuotaReach: true
`;

const ordersPolicyYaml = `type: throttling policy
subtype: advanced policy
data:
  policyName: OrdersPolicy
  defaultLimit:
    type: REQUESTCOUNTLIMIT
    requestCount: {timeUnit: hours, unitTime: 2, requestCount: "1000"}
  conditionalGroups: []
`;

export const mobileAppYaml: string = `type: application
version: v4.7.0
data:
  applicationInfo:
    name: MobileApp
    owner: alice
    throttlingPolicy: 50PerMin
    keys:
      - {keyType: PRODUCTION, consumerKey: mobile-prod}
  apiKeys:
    - {keyType: PRODUCTION, sha256: ${'Ab'.repeat(32)}}
    - {keyType: SANDBOX, sha256: ${'0c'.repeat(32)}}
  subscribedAPIs:
    - {apiId: {apiName: Orders, version: 1.0.0}, throttlingPolicy: PartnerGold}
`;

/** A home without any finding that uses every kind of file. */
export const goodFiles: Files = {
  'repository/conf/deployment.toml': deploymentToml,
  'apis/Orders/api.yaml': ordersYaml,
  'policies/Subscription-PartnerGold.yaml': partnerGoldYaml,
  'policies/Advanced-OrdersPolicy.yaml': ordersPolicyYaml,
  'applications/MobileApp.yaml': mobileAppYaml,
};

/** The good home with a piece of one file replaced; the piece must be there. */
export function goodFilesWith(path: string, piece: string, by: string): Files {
  const text = goodFiles[path];
  if (text?.includes(piece) !== true)
    throw new Error(`${path} of the good home has no ${JSON.stringify(piece)}`);
  return { ...goodFiles, [path]: text.replace(piece, () => by) };
}
