import { goodFiles } from '../homes.ts';
import { add, change, type BrokenHome, paths } from './broken-home.ts';

const { api, tier, policy } = paths;

export const brokenPolicies: readonly BrokenHome[] = [
  {
    name: 'a policy without a count',
    ...change(tier, '    requestCount: {timeUnit: min, unitTime: 1, requestCount: 5000}\n', ''),
    at: `${tier}:6:3 error[missing-value]`,
    says: 'requestCount is missing',
  },
  {
    name: 'an unknown unit of time',
    ...change(tier, 'timeUnit: min', 'timeUnit: minuts'),
    at: `${tier}:8:30 error[invalid-value]`,
    says: '"minuts"',
  },
  {
    name: 'a window without length',
    ...change(tier, 'unitTime: 1', 'unitTime: 0'),
    at: `${tier}:8:45 error[invalid-value]`,
    says: 'found 0',
  },
  {
    name: 'a window of more than a year',
    ...change(tier, 'timeUnit: min, unitTime: 1', 'timeUnit: year, unitTime: 2'),
    at: `${tier}:8:46 error[invalid-value]`,
    says: 'longer than 366 days',
  },
  {
    name: 'a negative quota',
    ...change(tier, 'requestCount: 5000', 'requestCount: -5000'),
    at: `${tier}:8:62 error[invalid-value]`,
    says: 'found -5000',
  },
  {
    name: 'an algorithm that nobody knows',
    ...change(tier, 'requestCount: 5000', 'requestCount: 5000, algorithm: slidding-window'),
    at: `${tier}:8:79 error[invalid-value]`,
    says: 'found a string "slidding-window", expected one of "fixed-window", "sliding-window", "token-bucket"',
  },
  {
    name: 'a token bucket for a quota of nothing',
    ...change(policy, 'requestCount: "1000"', 'requestCount: 0, algorithm: token-bucket'),
    at: `${policy}:7:64 error[invalid-value]`,
    says: 'requestCount: found 0, expected at least 1',
  },
  {
    name: 'a token bucket without room',
    ...change(tier, 'sec', 'sec\n  rateLimitAlgorithm: token-bucket\n  rateLimitBucketSize: 0'),
    at: `${tier}:13:24 error[invalid-value]`,
    says: 'rateLimitBucketSize: found 0',
  },
  {
    name: 'a token bucket too large to count',
    ...change(
      tier,
      'min, unitTime: 1, requestCount: 5000',
      'day, unitTime: 1, requestCount: 104249992, algorithm: token-bucket',
    ),
    at: `${tier}:8:62 error[invalid-value]`,
    says: 'it may hold 104249991',
  },
  {
    name: 'the size of a bucket for a window',
    ...change(tier, 'sec', 'sec\n  rateLimitBucketSize: 200'),
    at: `${tier}:12:24 error[conflict]`,
    says: 'only a token bucket has a size',
  },
  {
    name: 'an algorithm for a burst without a count',
    ...change(tier, 'rateLimitCount: 100', 'rateLimitAlgorithm: token-bucket'),
    at: `${tier}:10:3 error[missing-value]`,
    says: 'rateLimitAlgorithm is set, but rateLimitCount is missing',
  },
  {
    name: 'an unknown kind of policy',
    ...change(tier, 'subscription policy', 'subscripton'),
    at: `${tier}:2:10 error[invalid-value]`,
    says: 'found a string "subscripton"',
  },
  {
    name: 'a policy twice',
    ...add('policies/b.yaml', goodFiles[policy] ?? ''),
    at: 'policies/b.yaml:4:15 error[duplicate]',
    says: `${policy}:4`,
  },
  {
    name: 'an advanced policy that says it is a custom rule',
    ...change(policy, 'advanced policy', 'custom rule'),
    at: `${policy}:3:1 error[missing-value]`,
    errors: 3,
    says: 'keyTemplate is missing',
  },
  {
    name: 'a bandwidth quota without its amount',
    ...change(tier, 'REQUESTCOUNTLIMIT', 'BANDWIDTHLIMIT'),
    at: `${tier}:9:16 error[missing-value]`,
    says: 'bandwidth is missing',
  },
  {
    name: 'a built-in tier of AI without a file',
    ...change(api, 'PartnerGold', 'AIGold'),
    at: `${api}:8:20 error[unknown-tier]`,
    says: 'not published',
  },
  {
    name: 'a conditional group without conditions',
    ...change(policy, '[]', '[{description: x}]'),
    at: `${policy}:8:23 error[missing-value]`,
    errors: 2,
    says: 'conditions is missing',
  },
];
