import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A home folder in a temporary place, made of texts by path; the test that makes it removes it. */
export class TestHome {
  readonly path: string;

  constructor(files: Readonly<Record<string, string>>) {
    this.path = mkdtempSync(join(tmpdir(), 'sluice-home-'));
    for (const [path, text] of Object.entries(files)) this.write(path, text);
  }

  write(path: string, text: string): void {
    const full = join(this.path, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text);
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }
}

/** An API project with everything a cluster test varies. */
export function apiProject(api: {
  readonly name: string;
  readonly production: number;
  readonly sandbox?: number;
  readonly maxTps?: string;
  readonly apiThrottlingPolicy?: string;
  readonly operations?: string;
  /** API keys unless said otherwise. */
  readonly securityScheme?: string;
  /** More fields of `data`, a line each. */
  readonly more?: readonly string[];
  /** Subscription tiers it offers. */
  readonly policies: readonly string[];
}): string {
  const sandbox =
    api.sandbox === undefined ? '' : `sandbox_endpoints: {url: "http://127.0.0.1:${api.sandbox}"}`;
  return `
type: api
version: v4.7.0
data:
  name: ${api.name}
  context: /${api.name.toLowerCase()}
  version: 1.0.0
  ${(api.more ?? []).join('\n  ')}
  policies: [${api.policies.join(', ')}]
  securityScheme: ${api.securityScheme ?? '[api_key]'}
  ${api.apiThrottlingPolicy === undefined ? '' : `apiThrottlingPolicy: ${api.apiThrottlingPolicy}`}
  ${api.maxTps === undefined ? '' : `maxTps: ${api.maxTps}`}
  endpointConfig:
    endpoint_type: http
    production_endpoints: {url: "http://127.0.0.1:${api.production}"}
    ${sandbox}
  operations: ${api.operations ?? '[{target: /*, verb: GET}, {target: /*, verb: POST}]'}
`;
}

/** An API product of operations of some APIs, each by name with its operations as YAML; its path is its name in lower case. */
export function apiProduct(product: {
  readonly name: string;
  readonly version?: string;
  readonly apis: Readonly<Record<string, string>>;
  readonly policies: readonly string[];
}): string {
  const { name, version = '1.0.0', apis, policies } = product;
  const members = Object.entries(apis).map(
    ([api, operations]) => `{name: ${api}, operations: ${operations}}`,
  );
  return `
type: api_product
version: v4.7.0
data:
  name: ${JSON.stringify(name)}
  context: /${name.toLowerCase()}
  version: ${version}
  provider: admin
  state: PUBLISHED
  policies: [${policies.join(', ')}]
  securityScheme: [api_key]
  apis: [${members.join(', ')}]
`;
}

/** An application whose keys are `<name>-production` and `<name>-sandbox`, with one tier for each subscribed API. */
export function application(
  name: string,
  subscriptions: Readonly<Record<string, string>>,
  tier = 'Unlimited',
  statuses: Readonly<Record<string, string>> = {},
): string {
  const subscribed = Object.entries(subscriptions).map(
    ([api, plan]) =>
      `    - {apiId: {apiName: ${api}, version: 1.0.0}, throttlingPolicy: ${plan}, status: ${statuses[api] ?? 'UNBLOCKED'}}`,
  );
  return `
type: application
version: v4.7.0
data:
  applicationInfo: {name: ${name}, owner: tester, throttlingPolicy: ${tier}}
  apiKeys:
    - {keyType: PRODUCTION, sha256: ${sha256(`${name}-production`)}}
    - {keyType: SANDBOX, sha256: ${sha256(`${name}-sandbox`)}}
  subscribedAPIs:
${subscribed.join('\n')}
`;
}

/** A subscription policy as apictl exports it: a quota and, perhaps, a burst. */
export function subscriptionPolicy(
  name: string,
  limits: {
    readonly perMinute?: number;
    readonly perHour?: number;
    /** So many in so many seconds. */
    readonly perSeconds?: { readonly seconds: number; readonly units: number };
    readonly burstPerSecond?: number;
    readonly burstPerMinute?: number;
  },
): string {
  const { perMinute, perHour = 0, perSeconds, burstPerSecond, burstPerMinute } = limits;
  const perMinuteOrHour =
    perMinute === undefined ? { seconds: 3600, units: perHour } : { seconds: 60, units: perMinute };
  const { seconds, units } = perSeconds ?? perMinuteOrHour;
  return `
type: throttling policy
subtype: subscription policy
version: v4.7.0
data:
  policyName: ${name}
  defaultLimit:
    type: REQUESTCOUNTLIMIT
    requestCount: {timeUnit: sec, unitTime: ${seconds}, requestCount: ${units}}
  rateLimitCount: ${burstPerSecond ?? burstPerMinute ?? 0}
  rateLimitTimeUnit: ${burstPerMinute === undefined ? 'sec' : 'min'}
  stopOnQuotaReach: true
`;
}

/** An application tier without a quota worth mentioning, and a burst. */
export function applicationBurst(name: string, perMinute: number): string {
  return `
type: throttling policy
subtype: application policy
version: v4.7.0
data:
  policyName: ${name}
  defaultLimit:
    type: REQUESTCOUNTLIMIT
    requestCount: {timeUnit: min, unitTime: 1, requestCount: 100000}
  burstLimit: {rateLimitCount: ${perMinute}, rateLimitTimeUnit: min}
`;
}

/** An advanced policy: so many requests an hour of all consumers together. */
export function advancedPolicy(name: string, perHour: number): string {
  return `
type: throttling policy
subtype: advanced policy
version: v4.7.0
data:
  policyName: ${name}
  defaultLimit:
    type: REQUESTCOUNTLIMIT
    requestCount: {timeUnit: hour, unitTime: 1, requestCount: ${perHour}}
  conditionalGroups: []
`;
}

/** Any throttling policy; `limit` is its default limit. */
export function policyFile(
  subtype: 'subscription' | 'application' | 'advanced',
  name: string,
  limit: string,
  more: readonly string[] = [],
): string {
  return `
type: throttling policy
subtype: ${subtype} policy
version: v4.7.0
data:
  policyName: ${name}
  defaultLimit: ${limit}
  ${more.join('\n  ')}
`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
