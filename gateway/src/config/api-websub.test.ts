import { describe, expect, test } from 'vitest';
import { environment, homeOf, lines } from '../../test/config/homes.ts';
import { apiProject, policyFile } from '../../test/support/test-home.ts';
import type { Api } from '../policy/catalogue.ts';
import { readConfig } from './read-config.ts';

const enabled = 'websubSubscriptionConfiguration: {enable: true, secret: abc, signingAlgorithm: SHA256}';

function read(
  parts: { readonly more?: readonly string[]; readonly operations?: string; readonly toml?: string } = {},
): { readonly api: Api | undefined; readonly found: readonly string[] } {
  const { more = [enabled], operations = '[{target: news, verb: SUBSCRIBE}]', toml = '' } = parts;
  const home = homeOf({
    'deployment.toml': toml,
    'apis/Hub.yaml': apiProject({
      name: 'Hub',
      production: 1,
      policies: ['AsyncWHGold'],
      more: ['type: WEBSUB', ...more],
      operations,
    }),
  });
  const { config, diagnostics } = readConfig(home, environment);
  const found = lines(diagnostics.filter(({ severity }) => severity !== 'note'));
  return { api: config?.apis[0], found };
}

describe('an API of type WEBSUB', () => {
  test('has topics, no backend, and events that its publisher signs', () => {
    const { api, found } = read({
      operations: '[{target: news, verb: SUBSCRIBE}, {target: /issues, verb: SUBSCRIBE}]',
    });
    expect(found).toEqual([]);
    expect(api).toMatchObject({
      backends: {},
      webSub: { signature: { secret: 'abc', algorithm: 'sha256', header: 'x-hub-signature' } },
      operations: [
        { target: '/news', verb: 'SUBSCRIBE' },
        { target: '/issues', verb: 'SUBSCRIBE' },
      ],
    });
  });

  test.each([
    [[]],
    [['websubSubscriptionConfiguration: {enable: false, secret: "", signingAlgorithm: SHA1}']],
  ])('without a signature it is open to every publisher, and that is said: %s', (more) => {
    const { api, found } = read({ more });
    expect(api?.webSub).toEqual({});
    expect(found.map((line) => line.replace(/^[^ ]+ /, ''))).toEqual([
      'warning[unsigned-events] Whoever reaches the gateway can publish at this API: events need no signature.',
    ]);
  });

  test.each([
    [
      'no secret',
      { more: ['websubSubscriptionConfiguration: {enable: true, secret: ""}'] },
      'error[missing-value] secret is missing',
    ],
    [
      'another algorithm',
      { more: ['websubSubscriptionConfiguration: {enable: true, secret: a, signingAlgorithm: MD5}'] },
      'error[invalid-value] signingAlgorithm',
    ],
    [
      'a topic for everybody',
      { operations: '[{target: news, verb: SUBSCRIBE, authType: None}]' },
      'error[not-supported] Topics open',
    ],
    [
      'a topic with a space',
      { operations: '[{target: "a b", verb: SUBSCRIBE}]' },
      'error[invalid-value] target must be',
    ],
    ['another verb', { operations: '[{target: news, verb: GET}]' }, 'error[invalid-value] verb'],
    [
      'a topic twice',
      { operations: '[{target: news, verb: SUBSCRIBE}, {target: /news, verb: SUBSCRIBE}]' },
      'error[duplicate]',
    ],
    ['no topic', { operations: '[]' }, 'warning[no-effect] This API has no topic'],
    [
      'threads without a Redis',
      { toml: '[sluice.listener]\nthreads = 2' },
      'error[not-supported] An API of type WEBSUB needs',
    ],
    [
      'clustered gateways',
      { toml: '[clustering]\nenable = true\nlocal_member_host = "127.0.0.1"' },
      'error[not-supported] An API of type WEBSUB needs',
    ],
    ['a mistyped setting', { toml: '[sluice.websub]\ncallback_host = ["a"]' }, 'error[unknown-key]'],
    [
      'a network that is none',
      { toml: '[sluice.websub]\ncallback_networks = ["10.0.0.0/40"]' },
      'error[invalid-value] callback_networks[0]',
    ],
    [
      'a host that is none',
      { toml: '[sluice.websub]\ncallback_hosts = ["http://a"]' },
      'error[invalid-value] callback_hosts[0]',
    ],
  ])('%s is found', (_, parts, what) => {
    const { found } = read(parts);
    expect(found.filter((line) => line.includes(what))).toHaveLength(1);
  });

  test('a Redis Cluster keeps its subscribers', () => {
    const counters = '[throttle_properties]\n\'throttling.distributed.counter.type\' = "redis"';
    const { found } = read({ toml: `[sluice.redis]\ncluster_nodes = ["127.0.0.1:1"]\n${counters}` });
    expect(found).toEqual([]);
  });

  test('a secret that is too long is not missing', () => {
    const more = [`websubSubscriptionConfiguration: {enable: true, secret: ${'x'.repeat(201)}}`];
    expect(read({ more }).found).toEqual([
      expect.stringMatching(/error\[invalid-value\] secret: .* expected a secret of 1 to 200 characters/),
    ]);
  });

  test('topics are names, also with braces', () => {
    const operations = '[{target: "{a}", verb: SUBSCRIBE}, {target: "{b}", verb: SUBSCRIBE}]';
    const { api, found } = read({ operations });
    expect(found).toEqual([]);
    expect(api?.operations.map(({ target }) => target)).toEqual(['/{a}', '/{b}']);
  });

  test('its secret is shown to nobody', () => {
    const more = ['websubSubscriptionConfiguration: {enable: true, secret: hidden-one, signingAlgorithm: 5}'];
    expect(JSON.stringify(read({ more }).found)).not.toContain('hidden-one');
  });
});

test.each([
  ['Some', 'subscriberCount: 7', 7],
  ['None', 'subscriberCount: 0', 0],
  ['Silent', '', undefined],
  ['Null', 'subscriberCount: null', undefined],
  ['AsyncWHGold', '', undefined],
  ['AsyncWHUnlimited', 'subscriberCount: 0', undefined],
])('the plan %s with %s has room for %s subscriptions', (name, line, count) => {
  const limit = '{type: EVENTCOUNTLIMIT, eventCount: {timeUnit: hour, unitTime: 1, eventCount: 5}}';
  const home = homeOf({
    'deployment.toml': '',
    'apis/Hub.yaml': apiProject({ name: 'Hub', production: 1, policies: [name] }),
    'policies/Plan.yaml': policyFile('subscription', name, limit, [line]),
  });
  const { config } = readConfig(home, environment);
  expect(config?.tiers.subscription.find((tier) => tier.name === name)?.subscribersMax).toBe(count);
});
