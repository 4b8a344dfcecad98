import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEchoBackend, type EchoBackend } from '../../src/cli/demo/echo-backend.ts';
import { Gateways, redisDeployment } from '../support/gateways.ts';
import { hourWithRoom } from '../support/hour-with-room.ts';
import { redisMissing, RedisServer } from '../support/redis-server.ts';
import {
  advancedPolicy,
  apiProject,
  application,
  subscriptionPolicy,
  TestHome,
} from '../support/test-home.ts';

/** WSO2's oracles for GraphQL, and what several operations in one request cost, from two gateways on one Redis. */
describe.skipIf(redisMissing)('GraphQL over two gateways', () => {
  let redis: RedisServer;
  let backend: EchoBackend;
  let home: TestHome;
  let gateways: Gateways;

  beforeAll(async () => {
    redis = await RedisServer.start();
    backend = await startEchoBackend(() => performance.now());
    const operations =
      '[{target: languages, verb: QUERY, throttlingPolicy: ThreeForAll}, {target: country, verb: QUERY}, {target: limitLanguage, verb: QUERY}]';
    home = new TestHome({
      'repository/conf/deployment.toml': redisDeployment(redis),
      'apis/L/api.yaml': apiProject({
        name: 'L',
        production: backend.port,
        policies: ['Shallow', 'Simple', 'FivePerHour', 'Unlimited'],
        more: ['type: GRAPHQL'],
        operations,
      }),
      'apis/L/Definitions/schema.graphql':
        'type Query { languages: [Language] country: String limitLanguage(limit: Int, where: Where): String }\ntype Language { code: ID name: String }\ninput Where { eq: Int }',
      'policies/Shallow.yaml': `${subscriptionPolicy('Shallow', { perHour: 5 })}  graphQLMaxDepth: 1\n`,
      'policies/Simple.yaml': `${subscriptionPolicy('Simple', { perHour: 5 })}  graphQLMaxComplexity: 4\n`,
      'policies/FivePerHour.yaml': subscriptionPolicy('FivePerHour', { perHour: 5 }),
      'policies/ThreeForAll.yaml': advancedPolicy('ThreeForAll', 3),
      'applications/Shallow.yaml': application('Shallow', { L: 'Shallow' }),
      'applications/Simple.yaml': application('Simple', { L: 'Simple' }),
      'applications/Five.yaml': application('Five', { L: 'FivePerHour' }),
      'applications/Free.yaml': application('Free', { L: 'Unlimited' }),
    });
    gateways = await Gateways.start(home.path, 2);
    await hourWithRoom();
  });
  afterAll(async () => {
    await gateways?.stop();
    await Promise.all([backend?.close(), redis?.stop()]);
    home?.remove();
  });

  let turn = 0;
  const ask = async (application: string, query: string): Promise<string> => {
    turn += 1;
    const response = await fetch(`${gateways.urls[turn % 2]}/l/1.0.0`, {
      method: 'POST',
      headers: { ApiKey: `${application}-production`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ query }),
    });
    const text = await response.text();
    return response.status === 200
      ? '200'
      : `${response.status} ${(JSON.parse(text) as { code: string }).code}`;
  };

  test.each([
    ['Shallow', '{ languages { code name } }', '400 900820'],
    ['Simple', '{ a: country languages { code name } b: country }', '400 900821'],
    ['Simple', '{ limitLanguage(limit: 5) }', '400 900821'],
    ['Simple', '{ limitLanguage(limit: 1000, where: {eq: 100}) }', '400 900821'],
    ['Simple', '{ nothing }', '422 900422'],
  ])('%s: %s → %s, again and again: it costs nothing', async (application, query, answer) => {
    const answers = [];
    for (let at = 0; at < 6; at += 1) answers.push(await ask(application, query));
    expect(new Set(answers)).toEqual(new Set([answer]));
  });

  test('what was refused for its size left the quota whole', async () => {
    const answers = [];
    for (let at = 0; at < 6; at += 1) answers.push(await ask('Simple', '{ limitLanguage(limit: 4) }'));
    expect(answers).toEqual(['200', '200', '200', '200', '200', '429 900804']);
  });

  test('two operations in one request cost two, and all or nothing', async () => {
    const both = '{ limitLanguage country }';
    const answers = [await ask('Five', both), await ask('Five', both), await ask('Five', both)];
    expect(answers).toEqual(['200', '200', '429 900804']);
    expect(await ask('Five', '{ country }')).toBe('200');
    expect(await ask('Five', '{ country }')).toBe('429 900804');
  });

  test('an operation’s policy is its own', async () => {
    const query = '{ languages { code } country }';
    const answers = [];
    for (let at = 0; at < 4; at += 1) answers.push(await ask('Free', query));
    expect(answers).toEqual(['200', '200', '200', '429 900802']);
    expect(await ask('Free', '{ country }')).toBe('200');
  });
});
