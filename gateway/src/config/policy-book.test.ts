import { describe, expect, test } from 'vitest';
import type { Diagnostic } from './diagnostic.ts';
import { type PolicyBook, readPolicies } from './policy-book.ts';
import { parseYamlFile } from './yaml-file.ts';

interface Read {
  readonly book: PolicyBook;
  readonly found: Diagnostic[];
  /** Looks a policy up as if a file named it. */
  readonly find: (kind: keyof PolicyBook, name: string) => unknown;
}

function read(...texts: readonly string[]): Read {
  const found: Diagnostic[] = [];
  const parse = (path: string, text: string) => ({
    path,
    source: parseYamlFile({ path, text }, (diagnostic) => found.push(diagnostic)),
  });
  const book = readPolicies(texts.map((text, index) => parse(`policies/${index}.yaml`, text)));
  const { source } = parse('user.yaml', 'tier: x');
  return { book, found, find: (kind, name) => book[kind].find(name, source!, ['tier']) };
}

function policy(subtype: string, data: string): string {
  return `type: throttling policy\nsubtype: ${subtype} policy\nversion: v4.7.0\ndata: ${data}\n`;
}

function requests(count: number | string, unit = 'min', unitTime: number | string = 1): string {
  return `defaultLimit: {type: REQUESTCOUNTLIMIT, requestCount: {timeUnit: ${unit}, unitTime: ${unitTime}, requestCount: ${count}}, bandwidth: null, eventCount: null, aiApiQuota: null}`;
}

function summary(found: readonly Diagnostic[]): readonly string[] {
  return found.map(({ severity, code, at }) => `${at.file}:${at.line} ${severity} ${code}`);
}

const perMinute = (quota: number) => [
  { measure: 'requests', limit: { kind: 'fixed-window', quota, windowMs: 60_000, starts: 'aligned' } },
];

const events = (quota: number, days: number) => [
  {
    measure: 'events',
    limit: { kind: 'fixed-window', quota, windowMs: days * 86_400_000, starts: 'aligned' },
  },
];

describe("WSO2's built-in policies", () => {
  test.each<[keyof PolicyBook, string, unknown]>([
    ['subscription', 'Bronze', { name: 'Bronze', quotas: perMinute(1000) }],
    ['subscription', 'Silver', { name: 'Silver', quotas: perMinute(2000) }],
    ['subscription', 'Gold', { name: 'Gold', quotas: perMinute(5000) }],
    ['subscription', 'Unlimited', { name: 'Unlimited' }],
    [
      'subscription',
      'DefaultSubscriptionless',
      { name: 'DefaultSubscriptionless', quotas: perMinute(10_000) },
    ],
    ['subscription', 'Unauthenticated', { name: 'Unauthenticated', quotas: perMinute(500) }],
    ['subscription', 'AsyncGold', { name: 'AsyncGold', quotas: events(50_000, 1) }],
    ['subscription', 'AsyncSilver', { name: 'AsyncSilver', quotas: events(25_000, 1) }],
    ['subscription', 'AsyncBronze', { name: 'AsyncBronze', quotas: events(5000, 1) }],
    [
      'subscription',
      'AsyncDefaultSubscriptionless',
      { name: 'AsyncDefaultSubscriptionless', quotas: events(10_000, 1) },
    ],
    [
      'subscription',
      'AsyncWHGold',
      { name: 'AsyncWHGold', quotas: events(10_000, 30), subscribersMax: 1000 },
    ],
    [
      'subscription',
      'AsyncWHSilver',
      { name: 'AsyncWHSilver', quotas: events(5000, 30), subscribersMax: 500 },
    ],
    [
      'subscription',
      'AsyncWHBronze',
      { name: 'AsyncWHBronze', quotas: events(1000, 30), subscribersMax: 100 },
    ],
    ['subscription', 'AsyncUnlimited', { name: 'AsyncUnlimited' }],
    ['subscription', 'AsyncWHUnlimited', { name: 'AsyncWHUnlimited' }],
    ['application', '10PerMin', { name: '10PerMin', quotas: perMinute(10) }],
    ['application', '20PerMin', { name: '20PerMin', quotas: perMinute(20) }],
    ['application', '50PerMin', { name: '50PerMin', quotas: perMinute(50) }],
    ['application', 'Unlimited', { name: 'Unlimited' }],
    ['advanced', '10KPerMin', { name: '10KPerMin', limits: perMinute(10_000) }],
    ['advanced', '20KPerMin', { name: '20KPerMin', limits: perMinute(20_000) }],
    ['advanced', '50KPerMin', { name: '50KPerMin', limits: perMinute(50_000) }],
    ['advanced', 'Unlimited', { name: 'Unlimited' }],
  ])('%s %s is there', (kind, name, expected) => {
    const { find, found } = read();
    expect(find(kind, name)).toEqual(expected);
    expect(found).toEqual([]);
  });

  test.each(['AIGold', 'AISilver', 'AIBronze'])('%s is known, but not what it allows', (name) => {
    const { find, found } = read();
    expect(find('subscription', name)).toBeUndefined();
    expect(summary(found)).toEqual(['user.yaml:1 error unknown-tier']);
    expect(found[0]?.hint).toContain(`apictl export policy rate-limiting -n ${name} --type sub`);
  });

  test('a file replaces the built-in policy of its kind and name, and no other', () => {
    const { find, found } = read(
      policy('subscription', `{policyName: Gold, stopOnQuotaReach: true, ${requests(7)}}`),
    );
    expect(find('subscription', 'Gold')).toEqual({ name: 'Gold', quotas: perMinute(7) });
    expect(find('subscription', 'Silver')).toEqual({ name: 'Silver', quotas: perMinute(2000) });
    expect(found).toEqual([]);
  });
});

describe('windows', () => {
  test.each([
    ['sec', 1000],
    ['Seconds', 1000],
    ['min', 60_000],
    ['MINUTES', 60_000],
    ['hour', 3_600_000],
    ['days', 86_400_000],
    ['week', 604_800_000],
    ['month', 2_592_000_000],
    ['year', 31_536_000_000],
  ])('one %s is %d ms', (unit, windowMs) => {
    const { find, found } = read(policy('advanced', `{policyName: P, ${requests('"3"', unit, '"1"')}}`));
    expect(find('advanced', 'P')).toEqual({
      name: 'P',
      limits: [
        { measure: 'requests', limit: { kind: 'fixed-window', quota: 3, windowMs, starts: 'aligned' } },
      ],
    });
    expect(found).toEqual([]);
  });

  test.each([
    [{ rateLimitCount: 5, rateLimitTimeUnit: '"min"' }, 60_000, []],
    [{ rateLimitCount: 5, rateLimitTimeUnit: 'MIN' }, 60_000, []],
    [{ rateLimitCount: 5, rateLimitTimeUnit: 'sec' }, 1000, []],
    [{ rateLimitCount: 5, rateLimitTimeUnit: 'null' }, 1000, []],
    [{ rateLimitCount: 5, rateLimitTimeUnit: 'hour' }, 1000, ['policies/0.yaml:4 warning invalid-value']],
    [{ rateLimitCount: 0, rateLimitTimeUnit: 'sec' }, undefined, []],
    [{ rateLimitCount: 'null', rateLimitTimeUnit: 'null' }, undefined, []],
  ])('a burst of %j lasts %d ms, as in WSO2', (burst, windowMs, findings) => {
    const fields = Object.entries(burst)
      .map(([key, value]) => `${key}: ${value}`)
      .join(', ');
    const expected = windowMs && { kind: 'fixed-window', quota: 5, windowMs, starts: 'first-request' };
    const { find, found } = read(
      policy('subscription', `{policyName: S, stopOnQuotaReach: true, ${requests(9)}, ${fields}}`),
      policy(
        'application',
        `{policyName: A, ${requests(9)}, burstLimit: {rateLimitCount: 4, rateLimitTimeUnit: sec}}`,
      ),
    );
    expect(find('subscription', 'S')).toEqual({
      name: 'S',
      quotas: perMinute(9),
      ...(expected && { burst: expected }),
    });
    expect(find('application', 'A')).toMatchObject({ burst: { quota: 4, windowMs: 1000 } });
    expect(summary(found)).toEqual(findings);
  });
});

test('a missing stopOnQuotaReach is noted, as WSO2 reads it the other way', () => {
  const { find, found } = read(policy('subscription', `{policyName: P, ${requests(1)}}`));
  expect(find('subscription', 'P')).toEqual({ name: 'P', quotas: perMinute(1) });
  expect(summary(found)).toEqual(['policies/0.yaml:4 note stop-on-quota-reach']);
});

test('two policies of one kind and name are an error, of two kinds none', () => {
  const advanced = policy('advanced', `{policyName: P, ${requests(1)}}`);
  const application = policy('application', `{policyName: P, ${requests(1)}}`);
  expect(summary(read(advanced, application).found)).toEqual([]);
  const { found } = read(advanced, application, advanced);
  expect(summary(found)).toEqual(['policies/2.yaml:4 error duplicate']);
  expect(found[0]?.message).toContain('policies/0.yaml:4');
});

test('a name that nobody defines is unknown, with the nearest name of its kind', () => {
  const { find, found } = read();
  find('application', '20PrMin');
  find('advanced', 'Unlimted');
  expect(found.map(({ code, hint }) => `${code} ${hint}`)).toEqual([
    'unknown-tier Did you mean "20PerMin"?',
    'unknown-policy Did you mean "Unlimited"?',
  ]);
});
