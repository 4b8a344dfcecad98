import * as z from 'zod';
import { type Limit, unitsMax } from '../limits/limit.ts';
import { wholeNumber } from './expected.ts';
import {
  algorithmField,
  bucketSizeField,
  limitByAlgorithm,
  type LimitNames,
  reportWithoutCount,
} from './limit-by-algorithm.ts';
import { quote } from './nearest-name.ts';
import type { Path, SourceFile } from './source-file.ts';

const secondMs = 1000;
const minuteMs = 60_000;
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
