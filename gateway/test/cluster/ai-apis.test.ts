import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { countInRedis, type Counting } from '../support/counting.ts';
import { Gateways } from '../support/gateways.ts';
import { hourWithRoom } from '../support/hour-with-room.ts';
import { MeteredBackend } from '../support/metered-backend.ts';
import { freePort } from '../support/ports.ts';
import { redisMissing } from '../support/redis-server.ts';
import { sluice } from '../support/sluice.ts';
import { apiProject, application, policyFile, TestHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

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

  let turn = 0;
  /** Asks the gateways in turn; gives the status, and the code of a refusal. */
  const ask = async (path: string, name: string): Promise<string> => {
    turn += 1;
    const response = await fetch(`${gateways.urls[turn % 2]}${path}`, {
      headers: { ApiKey: `${name}-production` },
    });
    const text = await response.text();
    return response.ok ? '200' : `${response.status} ${(JSON.parse(text) as { code: string }).code}`;
  };

  test.each([
    ['/aifailover/1.0.0/chat', '503 900808'],
    ['/aibalanced/1.0.0/chat', '503 900808'],
    ['/aistandin/1.0.0/chat', '200'],
    ['/aisingle/1.0.0/chat', '503 101503'],
    ['/failover/1.0.0/chat', '503 101503'],
  ])('%s, with endpoints that are away or left out: %s', async (path, expected) => {
    const answers = new Set<string>();
    // Three failures leave an endpoint out.
    for (let asked = 0; asked < 10; asked += 1) answers.add(await ask(path, 'Any'));
    expect([...answers]).toEqual([expected]);
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
    const answers: string[] = [];
    const passed = (): number => answers.filter((answer) => answer === '200').length;
    // A unit may lie ready on the other gateway for a moment.
    await until(async () => {
      answers.push(await ask('/model/1.0.0/chat?tokens=2', 'Asks'));
      return passed() >= 4 && answers.slice(-4).every((answer) => answer === '429 900804');
    });
    expect(passed()).toBe(4);
  });

  test('AIGold counts tokens over both', async () => {
    await hourWithRoom();
    const spent = 'subscription-total-tokens@3600000:tester/Spends:/model:1.0.0:AIGold';
    expect(await ask('/model/1.0.0/chat?tokens=99', 'Spends')).toBe('200');
    await until(async () => (await counting.used(spent)) === 99);
    expect(await ask('/model/1.0.0/stream?tokens=2', 'Spends')).toBe('200');
    await until(async () => (await counting.used(spent)) >= 100);
    for (const _ of gateways.urls)
      expect(await ask('/model/1.0.0/chat?tokens=1', 'Spends')).toBe('429 900804');
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
