import * as z from 'zod';
import { type Limit, unitsMax, windowMsMax } from '../limits/limit.ts';
import { mapping, text, wholeNumber } from './expected.ts';
import {
  algorithmField,
  bucketSizeField,
  limitByAlgorithm,
  type LimitNames,
  reportWithoutCount,
} from './limit-by-algorithm.ts';
import { didYouMean, quote } from './nearest-name.ts';
import type { Path, SourceFile } from './source-file.ts';

const secondMs = 1000;
const minuteMs = 60_000;
const dayMs = 86_400_000;

/** The units of Siddhi, in which WSO2 counts quotas; months and years have a fixed length there too. */
const unitMs: Readonly<Record<string, number>> = {
  sec: secondMs,
  second: secondMs,
  min: minuteMs,
  minute: minuteMs,
  hour: 3_600_000,
  day: dayMs,
  week: 7 * dayMs,
  month: 30 * dayMs,
  year: 365 * dayMs,
};

/** `requestCount` of a limit, as its file holds it. */
export interface RequestCount {
  readonly timeUnit: string;
  readonly unitTime: number;
  readonly requestCount: number;
  readonly algorithm?: Limit['kind'] | null | undefined;
  readonly bucketSize?: number | null | undefined;
}

export const requestCountSchema: z.ZodType<RequestCount> = mapping({
  timeUnit: text({ expected: 'a unit of time such as "min"', charactersMax: 20 }),
  unitTime: wholeNumber(1, windowMsMax / secondMs),
  requestCount: wholeNumber(0, unitsMax),
  algorithm: algorithmField,
  bucketSize: bucketSizeField,
});

const quotaNames: LimitNames = { count: 'requestCount', algorithm: 'algorithm', bucketSize: 'bucketSize' };

/** A burst (spike arrest) limit, as its file holds it. */
export interface BurstFields {
  readonly rateLimitCount?: number | null | undefined;
  readonly rateLimitTimeUnit?: string | null | undefined;
  readonly rateLimitAlgorithm?: Limit['kind'] | null | undefined;
  readonly rateLimitBucketSize?: number | null | undefined;
}

export const burstShape: {
  rateLimitCount: z.ZodType<number | null | undefined>;
  rateLimitTimeUnit: z.ZodType<string | null | undefined>;
  rateLimitAlgorithm: typeof algorithmField;
  rateLimitBucketSize: typeof bucketSizeField;
} = {
  rateLimitCount: wholeNumber(0, unitsMax).nullish(),
  rateLimitTimeUnit: z.string({ error: 'a unit of time, "sec" or "min"' }).nullish(),
  rateLimitAlgorithm: algorithmField,
  rateLimitBucketSize: bucketSizeField,
};

const burstNames: LimitNames = {
  count: 'rateLimitCount',
  algorithm: 'rateLimitAlgorithm',
  bucketSize: 'rateLimitBucketSize',
};

/** A quota, in aligned windows unless it says otherwise, or nothing when something is wrong with it, which is reported. */
export function quotaLimit(source: SourceFile, path: Path, count: RequestCount): Limit | undefined {
  const name = count.timeUnit.toLowerCase().replace(/s$/, '');
  const unit = Object.hasOwn(unitMs, name) ? unitMs[name] : undefined;
  if (unit === undefined) {
    const message = `timeUnit: found ${quote(count.timeUnit)}, expected one of ${Object.keys(unitMs).join(', ')}.`;
    const hint = didYouMean(count.timeUnit, Object.keys(unitMs));
    source.error({ code: 'invalid-value', path: [...path, 'timeUnit'], message, hint });
    return undefined;
  }
  const windowMs = unit * count.unitTime;
  if (windowMs > windowMsMax) {
    const message = `unitTime: a window of ${count.unitTime} ${count.timeUnit} is longer than 366 days.`;
    source.error({ code: 'invalid-value', path: [...path, 'unitTime'], message });
    return undefined;
  }
  return limitByAlgorithm(source, {
    path,
    names: quotaNames,
    count: count.requestCount,
    windowMs,
    starts: 'aligned',
    algorithm: count.algorithm,
    bucketSize: count.bucketSize,
  });
}

/** A burst limit, or nothing: 0 and an absent count mean that there is none. Read as WSO2 reads it (wso2.md 1.3). */
export function burstLimit(source: SourceFile, path: Path, burst: BurstFields): Limit | undefined {
  const count = burst.rateLimitCount ?? 0;
  if (count === 0) {
    reportWithoutCount(source, path, burstNames);
    return undefined;
  }
  const unit = (burst.rateLimitTimeUnit ?? 'sec').toLowerCase();
  if (unit !== 'sec' && unit !== 'min') {
    const message = `rateLimitTimeUnit: found ${quote(unit)}, which counts per second, as in WSO2.`;
    const hint = 'Write "sec" for one second or "min" for one minute.';
    source.warning({ code: 'invalid-value', path: [...path, 'rateLimitTimeUnit'], message, hint });
  }
  return limitByAlgorithm(source, {
    path,
    names: burstNames,
    count,
    windowMs: unit === 'min' ? minuteMs : secondMs,
    starts: 'first-request',
    algorithm: burst.rateLimitAlgorithm,
    bucketSize: burst.rateLimitBucketSize,
  });
}
