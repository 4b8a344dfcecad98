import { describe, expect, test } from 'vitest';
import type { Quota } from '../policy/measure.ts';
import type { Diagnostic } from './diagnostic.ts';
import { checkValue } from './check-value.ts';
import { quotaSchema, readQuotas } from './quotas.ts';
import { parseYamlFile } from './yaml-file.ts';

function read(limit: string): {
  readonly quotas: readonly Quota[] | undefined;
  readonly found: readonly string[];
} {
  const found: Diagnostic[] = [];
  const source = parseYamlFile({ path: 'p.yaml', text: `limit: {${limit}}` }, (one) => found.push(one))!;
  const stated = checkValue(source, quotaSchema, ['limit']);
  const quotas = stated && readQuotas(source, ['limit'], stated);
  return { quotas, found: found.map(({ severity, code, message }) => `${severity}[${code}] ${message}`) };
}

const fixed = (quota: number, windowMs: number) => ({
  kind: 'fixed-window',
  quota,
  windowMs,
  starts: 'aligned',
});
const window = 'timeUnit: min, unitTime: 1';

describe('what a limit counts', () => {
  test.each<[string, string, unknown]>([
    [
      'requests',
      `type: REQUESTCOUNTLIMIT, requestCount: {${window}, requestCount: 5}, bandwidth: null, eventCount: null, aiApiQuota: null`,
      [{ measure: 'requests', limit: fixed(5, 60_000) }],
    ],
    [
      'kilobytes',
      `type: BANDWIDTHLIMIT, bandwidth: {${window}, dataAmount: 1, dataUnit: KB}`,
      [{ measure: 'request-bytes', limit: fixed(1024, 60_000) }],
    ],
    [
      'megabytes',
      'type: BANDWIDTHLIMIT, bandwidth: {timeUnit: hour, unitTime: 1, dataAmount: "500", dataUnit: MB}',
      [{ measure: 'request-bytes', limit: fixed(500 * 1024 ** 2, 3_600_000) }],
    ],
    [
      'gigabytes',
      'type: BANDWIDTHLIMIT, bandwidth: {timeUnit: days, unitTime: 2, dataAmount: 3, dataUnit: GB}',
      [{ measure: 'request-bytes', limit: fixed(3 * 1024 ** 3, 2 * 86_400_000) }],
    ],
    [
      'bytes in a bucket',
      `type: BANDWIDTHLIMIT, bandwidth: {${window}, dataAmount: 1, dataUnit: KB, algorithm: token-bucket, bucketSize: 4}`,
      [
        {
          measure: 'request-bytes',
          limit: { kind: 'token-bucket', quota: 1024, windowMs: 60_000, burst: 4096 },
        },
      ],
    ],
    [
      'events',
      `type: EVENTCOUNTLIMIT, eventCount: {${window}, eventCount: 7}`,
      [{ measure: 'events', limit: fixed(7, 60_000) }],
    ],
    [
      'tokens',
      `type: AIAPIQUOTALIMIT, aiApiQuota: {${window}, requestCount: 300, totalTokenCount: 80000, promptTokenCount: 40000, completionTokenCount: 50000}`,
      [
        { measure: 'requests', limit: fixed(300, 60_000) },
        { measure: 'total-tokens', limit: fixed(80_000, 60_000) },
        { measure: 'prompt-tokens', limit: fixed(40_000, 60_000) },
        { measure: 'completion-tokens', limit: fixed(50_000, 60_000) },
      ],
    ],
    [
      'tokens, partly and with a reservation',
      `type: AIAPIQUOTALIMIT, aiApiQuota: {${window}, requestCount: 300, totalTokenCount: 80000, promptTokenCount: 0, completionTokenCount: 500, reserveTokens: 1000}`,
      [
        { measure: 'requests', limit: fixed(300, 60_000) },
        { measure: 'total-tokens', limit: fixed(80_000, 60_000), reserved: 1000 },
        { measure: 'completion-tokens', limit: fixed(500, 60_000), reserved: 500 },
      ],
    ],
  ])('%s', (_, limit, expected) => {
    expect(read(limit)).toEqual({ quotas: expected, found: [] });
  });

  test.each([
    [
      'type: BANDWIDTHLIMIT',
      'error[missing-value] bandwidth is missing; expected a mapping with timeUnit, unitTime, dataAmount and dataUnit.',
    ],
    [
      'type: EVENTCOUNTLIMIT, eventCount: null',
      'error[missing-value] eventCount is missing; expected a mapping with timeUnit, unitTime and eventCount.',
    ],
    [
      'type: AIAPIQUOTALIMIT',
      'error[missing-value] aiApiQuota is missing; expected a mapping with timeUnit, unitTime and the counts of tokens.',
    ],
    [
      `type: BANDWIDTHLIMIT, bandwidth: {${window}, dataAmount: 1, dataUnit: TB}`,
      'error[invalid-value] dataUnit: found a string "TB", expected one of "KB", "MB", "GB".',
    ],
    [
      `type: EVENTCOUNTLIMIT, eventCount: {timeUnit: moon, unitTime: 1, eventCount: 1}`,
      'error[invalid-value] timeUnit: found "moon", expected one of sec, second, min, minute, hour, day, week, month, year.',
    ],
    [
      `type: AIAPIQUOTALIMIT, aiApiQuota: {${window}, requestCount: 0}`,
      'warning[no-effect] aiApiQuota limits nothing: all its counts are 0 or missing.',
    ],
  ])('%s', (limit, finding) => {
    expect(read(limit).found).toEqual([finding]);
  });
});
