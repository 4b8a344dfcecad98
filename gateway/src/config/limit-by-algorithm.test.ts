import { describe, expect, test } from 'vitest';
import { environment, goodFiles, goodFilesWith, homeOf } from '../../test/config/homes.ts';
import type { Limit } from '../limits/limit.ts';
import type { Config } from './config.ts';
import { readConfig } from './read-config.ts';

const tierPath = 'policies/Subscription-PartnerGold.yaml';
const policyPath = 'policies/Advanced-OrdersPolicy.yaml';
const apiPath = 'apis/Orders/api.yaml';

/** A place where a limit is stated: how its fields are spelled there, and where the limit ends up. */
interface Place {
  readonly level: string;
  readonly names: readonly [count: string, algorithm: string, bucketSize: string];
  /** The home with these fields; each is `, name: value` or nothing. */
  readonly filesWith: (fields: string) => Readonly<Record<string, string>>;
  readonly limitIn: (config: Config) => Limit | undefined;
  readonly windowMs: number;
  readonly starts: 'aligned' | 'first-request';
}

/** What stands for a field; nothing when the field is left out. */
type Written = string | number | undefined;

const requestCount = ['requestCount', 'algorithm', 'bucketSize'] as const;
const rateLimit = ['rateLimitCount', 'rateLimitAlgorithm', 'rateLimitBucketSize'] as const;
const asTier = (text: string) => ({ ...goodFiles, 'policies/Application-50PerMin.yaml': text });
const tierOf = (config: Config) => config.applications[0]?.subscriptions[0]?.tier;

const places: readonly Place[] = [
  {
    level: 'quota of a subscription policy',
    names: requestCount,
    filesWith: (fields) => goodFilesWith(tierPath, ', requestCount: 5000', fields),
    limitIn: (config) => tierOf(config)?.quotas?.[0]?.limit,
    windowMs: 60_000,
    starts: 'aligned',
  },
  {
    level: 'burst of a subscription policy',
    names: rateLimit,
    filesWith: (fields) =>
      goodFilesWith(
        tierPath,
        '  rateLimitCount: 100\n',
        fields.replaceAll(', ', '\n  ').slice(1).concat('\n'),
      ),
    limitIn: (config) => tierOf(config)?.burst,
    windowMs: 1000,
    starts: 'first-request',
  },
  {
    level: 'quota of an application policy',
    names: requestCount,
    filesWith: (fields) => asTier(applicationPolicy(fields, '')),
    limitIn: (config) => config.applications[0]?.tier.quotas?.[0]?.limit,
    windowMs: 60_000,
    starts: 'aligned',
  },
  {
    level: 'burst of an application policy',
    names: rateLimit,
    filesWith: (fields) => asTier(applicationPolicy(', requestCount: 9', fields)),
    limitIn: (config) => config.applications[0]?.tier.burst,
    windowMs: 60_000,
    starts: 'first-request',
  },
  {
    level: 'limit of an advanced policy',
    names: requestCount,
    filesWith: (fields) => goodFilesWith(policyPath, ', requestCount: "1000"', fields),
    limitIn: (config) => config.apis[0]?.operations[1]?.policy?.limits?.[0]?.limit,
    windowMs: 7_200_000,
    starts: 'aligned',
  },
  {
    level: 'limit of a production backend',
    names: ['production', 'productionAlgorithm', 'productionBucketSize'],
    filesWith: (fields) =>
      goodFilesWith(
        apiPath,
        'production: 500, productionTimeUnit: SECOND',
        `productionTimeUnit: MINUTE${fields}`,
      ),
    limitIn: (config) => config.apis[0]?.backends.PRODUCTION?.limits?.[0]?.limit,
    windowMs: 60_000,
    starts: 'first-request',
  },
  {
    level: 'limit of a sandbox backend',
    names: ['sandbox', 'sandboxAlgorithm', 'sandboxBucketSize'],
    filesWith: (fields) => goodFilesWith(apiPath, ', sandbox: 50', fields),
    limitIn: (config) => config.apis[0]?.backends.SANDBOX?.limits?.[0]?.limit,
    windowMs: 1000,
    starts: 'first-request',
  },
];

function applicationPolicy(count: string, burst: string): string {
  return `type: throttling policy
subtype: application policy
data:
  policyName: 50PerMin
  defaultLimit: {type: REQUESTCOUNTLIMIT, requestCount: {timeUnit: min, unitTime: 1${count}}}
  burstLimit: {rateLimitTimeUnit: min${burst}}
`;
}

/** Reads a home that states one limit by its count, its algorithm and its size. */
function read(
  { names, filesWith, limitIn }: Place,
  values: readonly Written[],
): { limit: Limit | undefined; found: readonly string[]; hints: readonly (string | undefined)[] } {
  const fields = names.map((name, index) =>
    values[index] === undefined ? '' : `, ${name}: ${values[index]}`,
  );
  const { config, diagnostics } = readConfig(homeOf(filesWith(fields.join(''))), environment);
  return {
    limit: config && limitIn(config),
    found: diagnostics.map(({ severity, code, message }) => `${severity} ${code} ${message.split(/:? /)[0]}`),
    hints: diagnostics.map(({ hint }) => hint),
  };
}

describe.each(places)('the $level', (place) => {
  const { windowMs, starts } = place;
  const [count, algorithm, bucketSize] = place.names;
  const fixed = { kind: 'fixed-window', quota: 30, windowMs, starts };
  const sliding = { kind: 'sliding-window', quota: 30, windowMs };
  const bucket = (burst: number) => ({ kind: 'token-bucket', quota: 30, windowMs, burst });

  test.each<[string, readonly Written[], unknown]>([
    ['is a fixed window when nothing is said', [30], fixed],
    ['is a fixed window when null is said', [30, 'null', 'null'], fixed],
    ['may be a fixed window', [30, 'fixed-window'], fixed],
    ['may be a sliding window', [30, 'sliding-window'], sliding],
    ['may be a token bucket, as large as its count', [30, 'token-bucket'], bucket(30)],
    ['may be a larger token bucket', [30, 'token-bucket', 200], bucket(200)],
    ['may be a smaller token bucket, with numbers as strings', ['"30"', 'token-bucket', '"1"'], bucket(1)],
  ])('%s', (_, values, limit) => {
    expect(read(place, values)).toEqual({ limit, found: [], hints: [] });
  });

  test.each<[string, readonly Written[], string]>([
    ['a mistyped algorithm', [30, 'token-buckett'], `error invalid-value ${algorithm}`],
    [
      'a mistyped algorithm beside a size, once',
      [30, 'token-buckett', 9],
      `error invalid-value ${algorithm}`,
    ],
    ['an algorithm that is no word', [30, 7], `error invalid-value ${algorithm}`],
    ['a bucket of nothing', [30, 'token-bucket', 0], `error invalid-value ${bucketSize}`],
    ['a bucket of a part', [30, 'token-bucket', 1.5], `error invalid-value ${bucketSize}`],
    ['a size without a token bucket', [30, undefined, 9], `error conflict ${bucketSize}`],
    ['a size beside a sliding window', [30, 'sliding-window', 9], `error conflict ${bucketSize}`],
    ['a wrong count beside an algorithm, once', [-1, 'token-bucket'], `error invalid-value ${count}`],
  ])('refuses %s', (_, values, finding) => {
    expect(read(place, values)).toMatchObject({ limit: undefined, found: [finding] });
  });

  test('may be the largest bucket that is counted exactly, and no larger', () => {
    const burstMax = Math.floor((2 ** 53 - 1) / windowMs);
    const sizes = [burstMax, Math.min(burstMax + 1, 10 ** 15)];
    expect(read(place, [30, 'token-bucket', sizes[0]]).limit).toEqual(bucket(burstMax));
    expect(read(place, [30, 'token-bucket', sizes[1]]).found).toEqual([`error invalid-value ${bucketSize}`]);
    expect(read(place, [sizes[1], 'token-bucket']).found).toEqual([`error invalid-value ${count}`]);
    expect(read(place, [sizes[1], 'token-bucket', 30]).limit).toMatchObject({ quota: sizes[1], burst: 30 });
  });

  test('names the nearest algorithm', () => {
    expect(read(place, [30, 'Sliding-Windw']).hints).toEqual(['Did you mean "sliding-window"?']);
    expect(read(place, [30, 'token_bucket']).hints).toEqual(['Did you mean "token-bucket"?']);
  });
});

describe.each(places.filter(({ names }) => names !== rateLimit))('the $level', (place) => {
  test('may be 0, but not as a token bucket', () => {
    expect(read(place, [0]).limit).toMatchObject({ kind: 'fixed-window', quota: 0 });
    expect(read(place, [0, 'sliding-window']).limit).toMatchObject({ kind: 'sliding-window', quota: 0 });
    expect(read(place, [0, 'token-bucket']).found).toEqual([`error invalid-value ${place.names[0]}`]);
  });
});

describe.each(places.filter(({ names }) => names !== requestCount))('the $level', (place) => {
  const [, algorithm, bucketSize] = place.names;

  test('without a count is none, and then has no algorithm and no size', () => {
    expect(read(place, [])).toEqual({ limit: undefined, found: [], hints: [] });
    expect(read(place, [undefined, 'token-bucket']).found).toEqual([`error missing-value ${algorithm}`]);
    expect(read(place, ['null', undefined, 5]).found).toEqual([`error missing-value ${bucketSize}`]);
  });
});

describe.each(places.filter(({ names }) => names === rateLimit))('the $level', (place) => {
  test('of 0 is none, whatever its algorithm', () => {
    expect(read(place, [0, 'token-bucket', 5])).toEqual({ limit: undefined, found: [], hints: [] });
  });
});
