import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEchoBackend, type EchoBackend } from '../../src/cli/demo/echo-backend.ts';
import { countInRedis, type Counting } from '../support/counting.ts';
import { Gateways } from '../support/gateways.ts';
import { hourWithRoom } from '../support/hour-with-room.ts';
import { redisMissing } from '../support/redis-server.ts';
import { apiProject, application, policyFile, TestHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

const perHour = (count: number): string =>
  `{type: REQUESTCOUNTLIMIT, requestCount: {timeUnit: hour, unitTime: 1, requestCount: ${count}}}`;
const group = (count: number, condition: string): string =>
  `{conditions: [${condition}], limit: ${perHour(count)}}`;
const groups = [
  group(11, '{type: HEADERCONDITION, headerCondition: {headerName: X-Group, headerValue: one}}'),
  group(
    12,
    '{type: QUERYPARAMETERCONDITION, queryParameterCondition: {parameterName: debug, parameterValue: "true"}}',
  ),
  group(
    13,
    '{type: IPCONDITION, ipCondition: {ipConditionType: IPRANGE, startingIP: "2001:db8::10", endingIP: "2001:db8::1f"}}',
  ),
];

/** Rows of wso2.md's 1.2, 1.5 and 1.7 that need files of their own, by two gateways as processes on one Redis. */
describe.skipIf(redisMissing)('what WSO2 documents of policies that look at requests', () => {
  let counting: Counting;
  let backend: EchoBackend;
  let home: TestHome;
  let gateways: Gateways;

  const deployment = (more: string): string =>
    `${counting.deployment}\n[sluice.listener]\ntrusted_proxies = ["127.0.0.1"]\n[apim.throttling]\n${more}\n`;

  beforeAll(async () => {
    counting = await countInRedis();
    backend = await startEchoBackend(() => performance.now());
    home = new TestHome({
      'repository/conf/deployment.toml': deployment(
        'enable_header_based_throttling = true\nenable_query_param_based_throttling = true',
      ),
      'apis/Looks.yaml': apiProject({
        name: 'Looks',
        production: backend.port,
        policies: ['Unlimited'],
        apiThrottlingPolicy: 'Looks',
      }),
      'apis/Users.yaml': apiProject({
        name: 'Users',
        production: backend.port,
        policies: ['Unlimited'],
        operations: '[{target: /each, verb: GET, throttlingPolicy: EachTwo}]',
      }),
      'policies/Looks.yaml': policyFile('advanced', 'Looks', perHour(100), [
        `conditionalGroups: [${groups.join(', ')}]`,
      ]),
      'policies/EachTwo.yaml': policyFile('advanced', 'EachTwo', perHour(2), ['userLevel: true']),
      'applications/One.yaml': application('One', { Looks: 'Unlimited', Users: 'Unlimited' }),
      'applications/Other.yaml': application('Other', { Users: 'Unlimited' }).replace(
        'owner: tester',
        'owner: bob',
      ),
    });
    gateways = await Gateways.start(home.path, 2);
    await hourWithRoom();
  });
  afterAll(async () => {
    await gateways?.stop();
    await Promise.all([backend?.close(), counting?.close()]);
    home?.remove();
  });

  let turn = 0;
  const ask = (path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> => {
    turn += 1;
    return fetch(`${gateways.urls[turn % 2]}${path}`, { headers: { ApiKey: 'One-production', ...headers } });
  };
  /** The status of a request from an address, and the limit it was told of. */
  const asked = async (query: string, headers: Readonly<Record<string, string>> = {}): Promise<string> => {
    const response = await ask(`/looks/1.0.0/items${query}`, headers);
    await response.arrayBuffer();
    const limit = /q=(\d+)/.exec(response.headers.get('ratelimit-policy') ?? '')?.[1];
    return limit === undefined ? `${response.status}` : `${response.status} of ${limit}`;
  };
  const from = (address: string): Readonly<Record<string, string>> => ({ 'X-Forwarded-For': address });
  const reload = async (): Promise<void> => {
    for (const url of gateways.adminUrls)
      expect((await fetch(`${url}/reload`, { method: 'POST' })).status).toBe(200);
  };

  test('1.2: the user level of an operation has the key of its row', async () => {
    for (const ApiKey of ['One-production', 'Other-production']) {
      const statuses: number[] = [];
      // A unit may lie ready on the other gateway for a moment.
      await until(async () => {
        const response = await ask('/users/1.0.0/each', { ApiKey });
        await response.arrayBuffer();
        statuses.push(response.status);
        return (
          statuses.filter((status) => status === 200).length >= 2 &&
          statuses.slice(-4).every((status) => status === 429)
        );
      });
      expect(statuses.filter((status) => status === 200)).toHaveLength(2);
    }
    for (const user of ['tester', 'bob'])
      await until(
        async () =>
          (await counting.used(`operation@3600000:/users/1.0.0/each:GET:_${user}@carbon.super`)) === 2,
      );
  });

  test('1.5: a range of IPv6 addresses holds both of its ends, however they are written', async () => {
    for (const address of ['2001:db8::10', '2001:DB8:0:0::1f', '2001:db8::0015'])
      expect(await asked('', from(address)), address).toBe('200 of 13');
    for (const address of ['2001:db8::f', '2001:db8::20', '::ffff:10.0.0.16'])
      expect(await asked('', from(address)), address).toBe('200 of 100');
  });

  test('1.5: conditions on headers and parameters hold while they are switched on; those on addresses need no switch', async () => {
    expect(await asked('', { 'x-GROUP': 'someone' })).toBe('200 of 11');
    expect(await asked('?debug=untrue')).toBe('200 of 12');
    home.write(
      'repository/conf/deployment.toml',
      deployment('enable_header_based_throttling = false\nenable_query_param_based_throttling = false'),
    );
    await reload();
    expect(await asked('', { 'X-Group': 'one' })).toBe('200 of 100');
    expect(await asked('?debug=true')).toBe('200 of 100');
    expect(await asked('', from('2001:db8::10'))).toBe('200 of 13');
  });

  test('1.7: an inverted range refuses everybody outside of it', async () => {
    home.write(
      'deny-policies/others.yaml',
      'conditionType: IPRANGE\nconditionValue: {startingIp: 10.0.0.1, endingIp: 10.0.0.9, invert: true}\nconditionStatus: true\n',
    );
    await reload();
    for (const address of ['10.0.0.1', '10.0.0.9', '::ffff:10.0.0.5'])
      expect(await asked('', from(address)), address).toBe('200 of 100');
    for (const address of ['10.0.0.0', '10.0.0.10', '2001:db8::10'])
      expect(await asked('', from(address)), address).toBe('403');
  });
});
