import { describe, expect, test } from 'vitest';
import {
  environment,
  type Files,
  goodFiles,
  homeOf,
  lines,
  mobileAppYaml,
  ordersYaml,
} from '../../test/config/homes.ts';
import { readConfig } from './read-config.ts';

function read(files: Files): {
  names: readonly string[];
  tiers: readonly string[];
  found: readonly string[];
} {
  const { config, diagnostics } = readConfig(homeOf({ ...goodFiles, ...files }), environment);
  const applications = config?.applications ?? [];
  return {
    names: applications.map(({ name }) => name),
    tiers: applications.flatMap(({ tier, subscriptions }) =>
      [tier, ...subscriptions.map((s) => s.tier)].map(({ name }) => name),
    ),
    found: lines(diagnostics),
  };
}

const policyPath = 'policies/Subscription-PartnerGold.yaml';
const envelope = goodFiles[policyPath] ?? '';
/** As `GET /throttling/policies/subscription/{id}` answers. */
const answered = {
  policyId: '1',
  policyName: 'PartnerGold',
  displayName: null,
  type: 'SubscriptionThrottlePolicy',
  graphQLMaxComplexity: null,
  defaultLimit: {
    type: 'REQUESTCOUNTLIMIT',
    requestCount: { timeUnit: 'min', unitTime: 1, requestCount: 5000 },
    bandwidth: null,
  },
  rateLimitCount: 0,
  rateLimitTimeUnit: null,
  customAttributes: null,
  stopOnQuotaReach: true,
};

describe('a policy is read', () => {
  test.each([
    [
      "with the words of WSO2's description",
      envelope
        .replace('throttling policy', 'rate-limiting policy')
        .replace('subscription policy', 'subscription'),
    ],
    [
      'with other capitals',
      envelope.replace('throttling policy', 'Throttling Policy').replace('subscription policy', 'Sub'),
    ],
    ['without an envelope, with nulls', JSON.stringify(answered)],
    ['in a list of a REST API', JSON.stringify({ count: 1, list: [answered], pagination: {} })],
    ['in a list', JSON.stringify([answered], undefined, 2)],
    [
      'in one file of several documents',
      `---\n${envelope}---\n${envelope.replace('PartnerGold', 'Other')}---\n`,
    ],
  ])('%s', (_, text) => {
    expect(read({ [policyPath]: text })).toEqual({
      names: ['MobileApp'],
      tiers: ['50PerMin', 'PartnerGold'],
      found: [],
    });
  });

  test.each([
    [
      'in the second document',
      `${envelope}---\n${envelope.replace('PartnerGold', 'B').replace('5000', '-1')}`,
      '21:62 error[invalid-value] requestCount',
    ],
    [
      'in a list',
      JSON.stringify(
        {
          count: 1,
          list: [
            { ...answered, policyName: 7.5 },
            { ...answered, rateLimitCount: 'x' },
          ],
        },
        undefined,
        1,
      ),
      '39:22 error[invalid-value] rateLimitCount',
    ],
    ['in the syntax of one document', `${envelope}---\n- [\n`, '15:1 error[syntax]'],
    [
      'where a list holds something else',
      '{"count": 1, "list": [null]}',
      '1:23 error[missing-value] type is missing',
    ],
    ['where there is nothing', '---\n---\n', '1:1 error[empty-file]'],
    [
      'without a class',
      JSON.stringify({ ...answered, type: undefined }),
      '1:1 error[missing-value] subtype is missing',
    ],
  ])('and a problem is found %s', (_, text, says) => {
    expect(read({ [policyPath]: text }).found.join('\n')).toContain(`${policyPath}:${says}`);
  });
});

describe('an application is read', () => {
  const subscribed = {
    apiId: { apiName: 'Orders', version: '1.0.0', providerName: 'admin', tier: null },
    subscriber: null,
    throttlingPolicy: 'Gold',
  };
  test.each([
    [
      'in its folder, with what apictl writes beside it',
      {
        'applications/Web/application.yaml': mobileAppYaml
          .replace('MobileApp', 'Web')
          .replace('mobile-prod', 'web-prod')
          .replace(/ {2}apiKeys:\n.*\n.*\n/, ''),
        'applications/Web/application_meta.yaml': '',
      },
    ],
    [
      'without an envelope',
      {
        'applications/Web.json': JSON.stringify({
          applicationInfo: { name: 'Web', owner: null, keys: null },
          subscribedAPIs: [subscribed],
        }),
      },
    ],
    [
      'as the developer portal answers',
      {
        'applications/Web.json': JSON.stringify({
          applicationId: '1',
          name: 'Web',
          throttlingPolicy: 'unlimited',
          groups: null,
          attributes: {},
        }),
      },
    ],
  ])('%s', (_, files) => {
    const { names, found } = read(files);
    expect(names).toEqual(['MobileApp', 'Web']);
    expect(found.filter((line) => !line.includes('note['))).toEqual([]);
  });

  test('several in one file, of which two may not have one id', () => {
    const text = `${mobileAppYaml}---\n${mobileAppYaml}`;
    expect(read({ 'applications/MobileApp.yaml': text }).found.join('\n')).toMatch(
      /MobileApp\.yaml:20:11 error\[duplicate\].* at applications\/MobileApp\.yaml:5\./,
    );
  });
});

test('Unlimited is the same in any case, and no other name is', () => {
  const application = mobileAppYaml.replace('50PerMin', 'UNLIMITED');
  const api = ordersYaml.replace('throttlingPolicy: Unlimited', 'throttlingPolicy: unlimited');
  const { tiers, found } = read({ 'applications/MobileApp.yaml': application, 'apis/Orders/api.yaml': api });
  expect(found).toEqual([]);
  expect(tiers).toEqual(['Unlimited', 'PartnerGold']);
  const other = mobileAppYaml.replace('50PerMin', '50permin');
  expect(read({ 'applications/MobileApp.yaml': other }).found.join('\n')).toContain('error[unknown-tier]');
});

test('what an API asks of WSO2 and gets nowhere is said, once it asks for something', () => {
  const text = ordersYaml
    .replace(
      '  context:',
      `  organizationPolicies: [{organizationID: a, policies: [Gold]}]
  apiHubPolicies: []
  enableSchemaValidation: true
  responseCachingEnabled: false
  apiPolicies: {request: [], response: [{policyName: addHeader}], fault: []}
  context:`,
    )
    .replace('verb: GET,', 'verb: GET, operationPolicies: {request: [{policyName: x}]},');
  expect(read({ 'apis/Orders/api.yaml': text }).found.map((line) => line.replace(/^.*yaml:/, ''))).toEqual([
    '5:3 note[no-effect] organizationPolicies has no effect here: tiers are offered to everybody alike.',
    '7:3 warning[not-supported] Validation of bodies against schemas is not supported.',
    '9:3 warning[not-supported] Policies that change requests and answers (mediation) are not supported.',
    '21:35 warning[not-supported] Policies that change requests and answers (mediation) are not supported.',
  ]);
});
