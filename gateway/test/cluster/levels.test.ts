import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEchoBackend, type EchoBackend } from '../../src/cli/demo/echo-backend.ts';
import { countInRedis, type Counting } from '../support/counting.ts';
import { Gateways } from '../support/gateways.ts';
import { redisMissing } from '../support/redis-server.ts';
import { advancedPolicy, apiProject, application, policyFile, TestHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

const perHour = (count: number): string =>
  `{type: REQUESTCOUNTLIMIT, requestCount: {timeUnit: hour, unitTime: 1, requestCount: ${count}}}`;

/** A conditional group, in one line. */
function group(count: number, ...conditions: readonly string[]): string {
  return `- {conditions: [${conditions.join(', ')}], limit: ${perHour(count)}}`;
}

const conditional = policyFile('advanced', 'Conditional', perHour(6), [
  'conditionalGroups:',
  `  ${group(
    2,
    '{type: IPCONDITION, ipCondition: {ipConditionType: IPRANGE, startingIP: 10.1.0.1, endingIP: 10.1.0.254}}',
    '{type: HEADERCONDITION, headerCondition: {headerName: User-Agent, headerValue: "^okhttp"}}',
  )}`,
  `  ${group(3, '{type: IPCONDITION, ipCondition: {ipConditionType: IPSPECIFIC, specificIP: "2001:db8::7"}}')}`,
  `  ${group(1, '{type: QUERYPARAMETERCONDITION, queryParameterCondition: {parameterName: debug, parameterValue: "^true$"}}')}`,
  `  ${group(0, '{type: HEADERCONDITION, headerCondition: {headerName: X-Closed, headerValue: .}}')}`,
  `  ${group(
    4,
    '{type: HEADERCONDITION, headerCondition: {headerName: X-Odd, headerValue: .}}',
    '{type: HEADERCONDITION, invertCondition: true, headerCondition: {headerName: X-Odd, headerValue: even}}',
  )}`,
]);

const denied = `
- {conditionType: API, conditionValue: /closed/1.0.0, conditionStatus: true}
- {conditionType: APPLICATION, conditionValue: "tester:Banned"}
- {conditionType: USER, conditionValue: mallory@carbon.super}
- {conditionType: IP, conditionValue: {fixedIp: 10.0.0.7, invert: false}}
- {conditionType: IPRANGE, conditionValue: {startingIp: 10.0.1.1, endingIp: 10.0.1.9, invert: false}}
- {conditionType: IPRANGE, conditionValue: {startingIp: "2001:db8:1::", endingIp: "2001:db8:1::ffff"}}
- {conditionType: IP, conditionValue: {fixedIp: 10.0.0.99}, conditionStatus: false}
- {conditionType: SUBSCRIPTION, conditionValue: "/open/1.0.0:1.0.0:tester-Half:PRODUCTION"}
`;

/** A rule for one API: so many an hour for each key, which is written as a template and in Siddhi. */
function customRule(
  name: string,
  count: number,
  api: string,
  [template, key]: readonly [string, string],
): string {
  return `
type: throttling policy
subtype: custom rule
version: v4.7.0
data:
  policyName: ${name}
  keyTemplate: ${template}
  siddhiQuery: |
    FROM RequestStream
    SELECT userId, ( apiContext == '/${api}/1.0.0' ) AS isEligible, ${key} as throttleKey
    INSERT INTO EligibilityStream;

    FROM EligibilityStream[isEligible==true]#throttler:timeBatch(1 hour, 0)
    SELECT throttleKey, (count(userId) >= ${count}) as isThrottled, expiryTimeStamp group by throttleKey
    INSERT ALL EVENTS into ResultStream;
`;
}

/** Levels above and beside subscriptions, by two gateways as processes on one Redis. */
describe.skipIf(redisMissing)('levels of a cluster', () => {
  let counting: Counting;
  let backend: EchoBackend;
  let home: TestHome;
  let gateways: Gateways;

  beforeAll(async () => {
    counting = await countInRedis();
    backend = await startEchoBackend(() => performance.now());
    const production = backend.port;
    const sandbox = backend.port;
    const policies = ['Unlimited'];
    const apis = {
      Open: 'Unlimited',
      Closed: 'Unlimited',
      Whole: 'Unlimited',
      Conditional: 'Unlimited',
      Ruled: 'Unlimited',
      Users: 'Unlimited',
    };
    home = new TestHome({
      'repository/conf/deployment.toml': `${counting.deployment}
[sluice.listener]
trusted_proxies = ["127.0.0.1"]
`,
      'apis/Open.yaml': apiProject({
        name: 'Open',
        production,
        sandbox,
        policies,
        operations: '[{target: /few, verb: GET, throttlingPolicy: Three}, {target: /*, verb: GET}]',
      }),
      'apis/Closed.yaml': apiProject({ name: 'Closed', production, policies }),
      'apis/Whole.yaml': apiProject({ name: 'Whole', production, policies, apiThrottlingPolicy: 'Three' }),
      'apis/Conditional.yaml': apiProject({
        name: 'Conditional',
        production,
        policies,
        apiThrottlingPolicy: 'Conditional',
      }),
      'apis/Ruled.yaml': apiProject({ name: 'Ruled', production, policies }),
      'policies/Custom-PerUser.yaml': customRule('PerUser', 5, 'ruled', ['$userId', 'userId']),
      'policies/Custom-PerAddress.yaml': customRule('PerAddress', 3, 'ruled', [
        '$apiContext:$clientIp',
        "str:concat(apiContext, ':', cast(map:get(propertiesMap, 'ip'), 'string'))",
      ]),
      'apis/Users.yaml': apiProject({ name: 'Users', production, policies, apiThrottlingPolicy: 'EachTwo' }),
      'policies/Advanced-EachTwo.yaml': policyFile('advanced', 'EachTwo', perHour(2), ['userLevel: true']),
      'policies/Advanced-Three.yaml': advancedPolicy('Three', 3),
      'policies/Advanced-Conditional.yaml': conditional,
      'applications/Good.yaml': application('Good', apis),
      'applications/Banned.yaml': application('Banned', apis),
      'applications/Half.yaml': application('Half', apis),
      'applications/Foe.yaml': application('Foe', apis).replace('owner: tester', 'owner: mallory'),
      'applications/Other.yaml': application('Other', apis).replace('owner: tester', 'owner: bob'),
      'deny-policies/all.yaml': denied,
    });
    gateways = await Gateways.start(home.path, 2);
  });
  afterAll(async () => {
    await gateways?.stop();
    await Promise.all([backend?.close(), counting?.close()]);
    home?.remove();
  });

  let turn = 0;
  /** Asks the gateways in turn; gives the status, with the code of a refusal. */
  const ask = async (path: string, headers: Readonly<Record<string, string>> = {}): Promise<string> => {
    turn += 1;
    const response = await fetch(`${gateways.urls[turn % 2]}${path}`, {
      headers: { ApiKey: 'Good-production', ...headers },
    });
    const text = await response.text();
    return response.ok ? '200' : `${response.status} ${(JSON.parse(text) as { code: string }).code}`;
  };
  const from = (address: string): Readonly<Record<string, string>> => ({ 'X-Forwarded-For': address });
  /** So many pass, and no more. */
  const admits = async (count: number, refusal: string, askOne: () => Promise<string>): Promise<void> => {
    let passed = 0;
    // A unit may lie ready on the other gateway for a moment.
    await until(async () => {
      if ((await askOne()) === '200') passed += 1;
      return passed >= count;
    });
    const later: string[] = [];
    for (let more = 0; more < 6; more += 1) later.push(await askOne());
    expect(new Set(later)).toEqual(new Set([refusal]));
  };

  test('a policy of the whole API answers 900800, one of an operation 900802', async () => {
    await admits(3, '429 900800', () => ask('/whole/1.0.0/items'));
    await admits(3, '429 900802', () => ask('/open/1.0.0/few'));
    expect(await ask('/open/1.0.0/items')).toBe('200');
  });

  test('a policy of the user level counts each user apart', async () => {
    await admits(2, '429 900800', () => ask('/users/1.0.0/items'));
    await admits(2, '429 900800', () => ask('/users/1.0.0/items', { ApiKey: 'Other-production' }));
    expect(await counting.used('api@3600000:/users/1.0.0:_bob@carbon.super')).toBe(2);
  });

  test('every type of deny policy answers 403 with 900805, and charges nothing', async () => {
    const refused = '403 900805';
    expect(await ask('/closed/1.0.0/items')).toBe(refused);
    // Before anybody looks at the key.
    expect(await ask('/closed/1.0.0/items', { ApiKey: 'wrong' })).toBe(refused);
    expect(await ask('/open/1.0.0/items', { ApiKey: 'Banned-production' })).toBe(refused);
    expect(await ask('/open/1.0.0/items', { ApiKey: 'Foe-production' })).toBe(refused);
    expect(await ask('/open/1.0.0/items', { ApiKey: 'Half-production' })).toBe(refused);
    expect(await ask('/open/1.0.0/items', { ApiKey: 'Half-sandbox' })).toBe('200');
    for (const address of [
      '10.0.0.7',
      '::ffff:10.0.0.7',
      '10.0.1.1',
      '10.0.1.9',
      '2001:db8:1::',
      '2001:db8:1::ffff',
    ])
      expect(await ask('/open/1.0.0/items', from(address)), address).toBe(refused);
    for (const address of ['10.0.0.8', '10.0.1.0', '10.0.1.10', '2001:db8:1::1:0', '10.0.0.99'])
      expect(await ask('/open/1.0.0/items', from(address)), address).toBe('200');
    const before = backend.arrivalsMs.length;
    await ask('/conditional/1.0.0/items', from('10.0.0.7'));
    expect(backend.arrivalsMs.length).toBe(before);
    expect(await counting.used('api@3600000:/conditional/1.0.0:_default')).toBe(0);
  });

  test('each conditional group has its own limit, and the first that matches holds', async () => {
    const path = '/conditional/1.0.0/items';
    const office = { ...from('10.1.0.254'), 'User-Agent': 'okhttp/3' };
    await admits(2, '429 900800', () => ask(path, office));
    // The same group wins where a later one matches too.
    expect(await ask(`${path}?debug=true`, office)).toBe('429 900800');
    await admits(3, '429 900800', () => ask(path, from('2001:DB8:0::7')));
    await admits(1, '429 900800', () => ask(`${path}?d%65bug=tru%65`));
    expect(await ask(path, { 'x-closed': 'y' })).toBe('429 900800');
    await admits(4, '429 900800', () => ask(path, { 'X-Odd': 'odd' }));
    // All others share the default, also those that miss one condition.
    let others = 0;
    await admits(6, '429 900800', () => {
      others += 1;
      return ask(path, others % 2 === 0 ? { 'X-Odd': 'even' } : from('10.1.0.9'));
    });
    expect(await counting.used('api@3600000:/conditional/1.0.0:_condition_0')).toBe(2);
    expect(await counting.used('api@3600000:/conditional/1.0.0:_default')).toBe(6);
  });

  test('a custom rule of 5 for each user answers 900806 after the fifth, and says its name', async () => {
    const path = '/ruled/1.0.0/items';
    let address = 0;
    // Each from another address, so that the other rule has nothing to say.
    await admits(5, '429 900806', () => ask(path, from(`192.0.2.${(address += 1)}`)));
    expect(await counting.used('custom@3600000:PerUser:tester@carbon.super')).toBe(5);
    const others = { ApiKey: 'Other-production' };
    const response = await fetch(`${gateways.urls[0]}${path}`, {
      headers: { ...others, ...from('10.9.9.9') },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('ratelimit-policy')).toBe(
      '"custom-PerAddress";q=3;w=3600, "custom-PerUser";q=5;w=3600',
    );
    await admits(2, '429 900806', () => ask(path, { ...others, ...from('10.9.9.9') }));
    // What one rule refuses, the other doesn't count: units that wait for requests are given back.
    await until(async () => (await counting.used('custom@3600000:PerUser:bob@carbon.super')) === 3);
    expect(await counting.used('custom@3600000:PerAddress:/ruled/1.0.0:168364297')).toBe(3);
    expect(await ask('/open/1.0.0/items')).toBe('200');
  });
});
