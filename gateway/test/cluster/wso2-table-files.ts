import { redisDeployment } from '../support/gateways.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { issuerName } from '../support/signer.ts';
import {
  advancedPolicy,
  apiProject,
  application,
  applicationBurst,
  policyFile,
  subscriptionPolicy,
} from '../support/test-home.ts';
import { productFiles } from './product-files.ts';

const perMinute = (count: number): string =>
  `{type: REQUESTCOUNTLIMIT, requestCount: {timeUnit: min, unitTime: 1, requestCount: ${count}}}`;
const oneKb = '{type: BANDWIDTHLIMIT, bandwidth: {timeUnit: min, unitTime: 1, dataAmount: 1, dataUnit: KB}}';
const premium =
  '{type: JWTCLAIMSCONDITION, jwtClaimsCondition: {claimUrl: "http://wso2.org/claims/role", attribute: premium}}';
export const subscriptionTiers = ['Bronze', 'Silver', 'Gold', 'Unlimited'] as const;
export const applicationTiers = ['10PerMin', '20PerMin', '50PerMin', 'Unlimited'] as const;
export const advancedPolicies = ['10KPerMin', '20KPerMin', '50KPerMin', 'Unlimited'] as const;
export const asyncTiers = [
  'AsyncGold',
  'AsyncSilver',
  'AsyncBronze',
  'AsyncUnlimited',
  'AsyncWHGold',
  'AsyncWHSilver',
  'AsyncWHBronze',
  'AsyncWHUnlimited',
] as const;

/** What the rows of wso2.md's tables need: built-in tiers, policies of every level, conditions, products. */
export function tableFiles(
  redis: RedisServer,
  production: number,
  pem: string,
): Readonly<Record<string, string>> {
  const api = (name: string, more: Partial<Parameters<typeof apiProject>[0]> = {}): string =>
    apiProject({
      name,
      production,
      sandbox: production,
      policies: ['Unlimited', 'Plan', 'FiveAtOnce'],
      ...more,
    });
  const all = {
    Plain: 'Unlimited',
    Hard: 'Unlimited',
    Denied: 'Unlimited',
    Three: 'Unlimited',
    ThreeEach: 'Unlimited',
  };
  const tiers = Object.fromEntries(
    subscriptionTiers.map((tier) => [`applications/${tier}.yaml`, application(tier, { Tiers: tier })]),
  );
  const stream = '[{target: /*, verb: SUBSCRIBE}]';
  const streams = Object.fromEntries(
    asyncTiers.map((tier) => [`applications/${tier}.yaml`, application(tier, { Stream: tier })]),
  );
  const applications = Object.fromEntries(
    applicationTiers.map((tier) => [
      `applications/App${tier}.yaml`,
      application(`App${tier}`, { Tiers: 'Unlimited' }, tier),
    ]),
  );
  const both = '[oauth2, api_key, oauth_basic_auth_api_key_mandatory]';
  const keysOperations =
    '[{target: /items, verb: GET, throttlingPolicy: Many}, {target: /groups, verb: GET, throttlingPolicy: Groups}, {target: /open, verb: GET, authType: None}]';
  const byPolicy = advancedPolicies.map(
    (name) => `{target: /by/${name}, verb: GET, throttlingPolicy: ${name}}`,
  );
  const consumerKey =
    'applicationInfo: {keys: [{keyType: PRODUCTION, consumerKey: keys-prod, keyManager: Resident Key Manager}], ';
  const groups = (condition: string, count: number): string =>
    `conditionalGroups: [{conditions: [${condition}], limit: ${perMinute(count)}}]`;
  const header = '{type: HEADERCONDITION, headerCondition: {headerName: X-Group, headerValue: one}}';
  return {
    ...tiers,
    ...streams,
    'apis/Stream.yaml': api('Stream', { policies: asyncTiers, more: ['type: SSE'], operations: stream }),
    'apis/StreamNoPlans.yaml': api('StreamNoPlans', {
      policies: [],
      more: ['type: SSE'],
      operations: stream,
    }),
    'policies/Rule.yaml': `
type: throttling policy
subtype: custom rule
version: v4.7.0
data:
  policyName: Rule
  keyTemplate: $userId:$apiContext
  siddhiQuery: |
    FROM RequestStream SELECT userId, (apiContext == '/keys/1.0.0') AS isEligible, str:concat(userId, ':', apiContext) AS throttleKey INSERT INTO EligibilityStream;
    FROM EligibilityStream[isEligible==true]#throttler:timeBatch(1 min, 0) SELECT throttleKey, (count(userId) >= 1000) AS isThrottled, expiryTimeStamp GROUP BY throttleKey INSERT ALL EVENTS INTO ResultStream;
`,
    ...applications,
    'repository/conf/deployment.toml': `${redisDeployment(redis)}
[[apim.jwt.issuer]]
name = "${issuerName}"
certificate = "keys/wso2.pem"
[sluice.listener]
trusted_proxies = ["127.0.0.1"]
[sluice.responses]
retry_after = "http-date"
[apim.throttling]
enable_jwt_claim_based_throttling = true
enable_header_based_throttling = true
`,
    'keys/wso2.pem': pem,
    'apis/Keys.yaml': api('Keys', {
      securityScheme: both,
      operations: keysOperations,
      maxTps: '{production: 1000, productionTimeUnit: HOUR, sandbox: 1000, sandboxTimeUnit: HOUR}',
    }),
    'apis/KeysWhole.yaml': api('KeysWhole', { apiThrottlingPolicy: 'Many' }),
    'apis/Claims.yaml': api('Claims', { securityScheme: both, apiThrottlingPolicy: 'ByClaim' }),
    'apis/Tiers.yaml': api('Tiers', {
      policies: subscriptionTiers,
      operations: `[{target: /items, verb: GET}, {target: /open, verb: GET, authType: None}, ${byPolicy.join(', ')}]`,
    }),
    'apis/NoPlans.yaml': api('NoPlans', { policies: [] }),
    'apis/Plain.yaml': api('Plain'),
    'apis/Hard.yaml': api('Hard', { maxTps: '{production: 2, productionTimeUnit: HOUR}' }),
    'apis/Denied.yaml': api('Denied'),
    'apis/Three.yaml': api('Three', { apiThrottlingPolicy: 'ThreeAMinute' }),
    'apis/ThreeEach.yaml': api('ThreeEach', {
      operations: '[{target: /items, verb: GET, throttlingPolicy: ThreeAMinute}, {target: /*, verb: GET}]',
    }),
    'apis/Graph/api.yaml': api('Graph', {
      policies: ['Shallow'],
      more: ['type: GRAPHQL'],
      operations: '[{target: languages, verb: QUERY}]',
    }),
    'apis/Graph/Definitions/schema.graphql':
      'type Query { languages: [Language] }\ntype Language { name: String }',
    'policies/Plan.yaml': subscriptionPolicy('Plan', { perHour: 1000, burstPerMinute: 1000 }),
    'policies/Many.yaml': advancedPolicy('Many', 1000),
    'policies/Groups.yaml': policyFile('advanced', 'Groups', perMinute(100), [groups(header, 100)]),
    'policies/ByClaim.yaml': policyFile('advanced', 'ByClaim', perMinute(9), [groups(premium, 7)]),
    'policies/Hasty.yaml': applicationBurst('Hasty', 1000),
    'policies/FiveAtOnce.yaml': subscriptionPolicy('FiveAtOnce', { perHour: 1000, burstPerMinute: 5 }),
    'policies/AppThree.yaml': policyFile('application', 'ThreeAMinute', perMinute(3)),
    'policies/AdvancedThree.yaml': policyFile('advanced', 'ThreeAMinute', perMinute(3)),
    'policies/OneKb.yaml': policyFile('application', 'OneKb', oneKb),
    'policies/Shallow.yaml': `${subscriptionPolicy('Shallow', { perHour: 5 })}  graphQLMaxDepth: 1\n`,
    ...productFiles(api),
    'applications/Keys.yaml': application(
      'Keys',
      { Keys: 'Plan', KeysWhole: 'Plan', Claims: 'Unlimited', '"Desk:One"': 'Plan' },
      'Hasty',
    ).replace('applicationInfo: {', consumerKey),
    'applications/NoPlans.yaml': application('NoPlans', {}),
    'applications/Any.yaml': application('Any', all),
    'applications/FiveAtOnce.yaml': application('FiveAtOnce', { Plain: 'FiveAtOnce' }),
    'applications/ThreeAMinute.yaml': application('ThreeAMinute', { Plain: 'Unlimited' }, 'ThreeAMinute'),
    'applications/OneKb.yaml': application('OneKb', { Plain: 'Unlimited' }, 'OneKb'),
    'applications/Shallow.yaml': application('Shallow', { Graph: 'Shallow' }),
    'deny-policies/denied.yaml': 'conditionType: API\nconditionValue: /denied/1.0.0\nconditionStatus: true\n',
  };
}
