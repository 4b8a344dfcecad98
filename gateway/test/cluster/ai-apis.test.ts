import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { admittedOfAll } from '../support/admitted-of-all.ts';
import { countInRedis, type Counting } from '../support/counting.ts';
import { Gateways } from '../support/gateways.ts';
import { hourWithRoom } from '../support/hour-with-room.ts';
import { MeteredBackend } from '../support/metered-backend.ts';
import { freePort } from '../support/ports.ts';
import { redisMissing } from '../support/redis-server.ts';
import { sluice } from '../support/sluice.ts';
import { apiProject, application, policyFile, TestHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';
import { InTurn } from './in-turn.ts';

const isAi = 'subtypeConfiguration: {subtype: AIAPI, _configuration: "{}"}';
const quota =
  '{type: AIAPIQUOTALIMIT, requestCount: null, bandwidth: null, eventCount: null, aiApiQuota: {timeUnit: hour, unitTime: 1, requestCount: 4, totalTokenCount: 100, promptTokenCount: 0, completionTokenCount: 0}}';
const urlOf = (port: number): string => `{url: "http://127.0.0.1:${port}"}`;

/** AI APIs through two gateways as processes on one Redis (wso2.md 1.11, 1.14 and 3.1). */
describe.skipIf(redisMissing)('AI APIs through two gateways', () => {
  let counting: Counting;
  let backend: MeteredBackend;
  let home: TestHome;
  let gateways: Gateways;

  beforeAll(async () => {
    counting = await countInRedis();
    backend = await MeteredBackend.start();
    const [dead, gone] = [await freePort(), await freePort()];
    const api = (name: string, more: readonly string[], production = dead): string =>
      apiProject({ name, production, policies: ['Unlimited', 'AIGold'], more });
    const failover = (text: string, other: number): string =>
      text.replace(
        'endpoint_type: http',
        `endpoint_type: failover\n    production_failovers: [${urlOf(other)}]`,
      );
    const balanced = (text: string): string =>
      text
        .replace('endpoint_type: http', 'endpoint_type: load_balance')
        .replace(/production_endpoints: .*/, `production_endpoints: [${urlOf(dead)}, ${urlOf(gone)}]`);
    const apis = {
      Model: api('Model', [isAi], backend.port),
      AiFailover: failover(api('AiFailover', [isAi]), gone),
      AiBalanced: balanced(api('AiBalanced', [isAi])),
      AiStandIn: failover(api('AiStandIn', [isAi]), backend.port),
      AiSingle: api('AiSingle', [isAi]),
      Failover: failover(api('Failover', ['subtypeConfiguration: {subtype: DEFAULT}']), gone),
    };
    const { Model: _, ...others } = apis;
    const unlimited = Object.fromEntries(Object.keys(others).map((name) => [name, 'Unlimited']));
    home = new TestHome({
      'repository/conf/deployment.toml': counting.deployment,
      ...Object.fromEntries(Object.entries(apis).map(([name, text]) => [`apis/${name}.yaml`, text])),
      'policies/Subscription-AIGold.yaml': policyFile('subscription', 'AIGold', quota, [
        'stopOnQuotaReach: true',
      ]),
      'applications/Any.yaml': application('Any', unlimited),
      'applications/Asks.yaml': application('Asks', { Model: 'AIGold' }),
      'applications/Spends.yaml': application('Spends', { Model: 'AIGold' }),
    });
    gateways = await Gateways.start(home.path, 2);
  });
  afterAll(async () => {
    await gateways?.stop();
    await Promise.all([backend?.close(), counting?.close()]);
    home?.remove();
  });

  const { answers } = new InTurn(() => gateways.urls);

  test.each([
    ['/aifailover/1.0.0/chat', '503 900808'],
    ['/aibalanced/1.0.0/chat', '503 900808'],
    ['/aistandin/1.0.0/chat', '200'],
    ['/aisingle/1.0.0/chat', '503 101503'],
    ['/failover/1.0.0/chat', '503 101503'],
  ])('%s, with endpoints that are away or left out: %s', async (path, expected) => {
    // Three failures leave an endpoint out.
    expect(new Set(await answers(10, path, 'Any'))).toEqual(new Set([expected]));
  });

  test('900808 says when to come again, and why', async () => {
    const url = `${gateways.urls[0]}/aifailover/1.0.0/chat`;
    const response = await fetch(url, { headers: { ApiKey: 'Any-production' } });
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await response.json()).toEqual({
      code: '900808',
      message: 'No active endpoints',
      description: 'None of the endpoints of this API can be reached',
    });
  });

  test('AIGold, once its policy is there, counts requests over both', async () => {
    await hourWithRoom();
    const admittedOf = async (times: number): Promise<number> => {
      const all = await answers(times, '/model/1.0.0/chat?tokens=2', 'Asks');
      expect(all.filter((answer) => !['200', '429 900804'].includes(answer))).toEqual([]);
      return all.filter((answer) => answer === '200').length;
    };
    expect(await admittedOfAll(4, admittedOf)).toBe(4);
  });

  test('AIGold counts tokens over both', async () => {
    await hourWithRoom();
    const spent = 'subscription-total-tokens@3600000:tester/Spends:/model:1.0.0:AIGold';
    expect(await answers(1, '/model/1.0.0/chat?tokens=99', 'Spends')).toEqual(['200']);
    await until(async () => (await counting.used(spent)) === 99);
    expect(await answers(1, '/model/1.0.0/stream?tokens=2', 'Spends')).toEqual(['200']);
    await until(async () => (await counting.used(spent)) >= 100);
    const refused = gateways.urls.map(() => '429 900804');
    expect(await answers(refused.length, '/model/1.0.0/chat?tokens=1', 'Spends')).toEqual(refused);
  });
});

test.each(['AIGold', 'AISilver', 'AIBronze'])(
  'a home that names %s without its policy is refused, and told where it comes from',
  async (tier) => {
    const home = new TestHome({
      'repository/conf/deployment.toml': '',
      'apis/Model.yaml': apiProject({ name: 'Model', production: 1, policies: [tier], more: [isAi] }),
    });
    try {
      for (const verb of [['check'], ['start', '--port', '0', '--admin-port', '0']]) {
        const { code, stdout, stderr } = await sluice([...verb, '--home', home.path]).ended;
        const said = stdout + stderr;
        expect(code).not.toBe(0);
        expect(said).toMatch(/apis\/Model\.yaml:9:\d+/);
        expect(said).toContain(
          `The values of WSO2's built-in subscription tier "${tier}" are not published.`,
        );
        expect(said).toContain(
          `Export it: apictl export policy rate-limiting -n ${tier} --type sub, into policies/.`,
        );
      }
    } finally {
      home.remove();
    }
  },
);
