import type * as z from 'zod';
import { type Limit, unitsMax, windowMsMax } from '../limits/limit.ts';
import type { Measure, Quota } from '../policy/measure.ts';
import { mapping, oneOf, text, wholeNumber } from './expected.ts';
import { algorithmField, bucketSizeField, limitByAlgorithm } from './limit-by-algorithm.ts';
import { didYouMean, quote } from './nearest-name.ts';
import type { Path, SourceFile } from './source-file.ts';

/*
 * A limit as WSO2's files hold it (ThrottleLimit): `type` says which of four kinds it is, and a field of its own holds it. Each
 * kind counts something else in windows that are aligned unless the file names another algorithm.
 */

const secondMs = 1000;
const dayMs = 86_400_000;

/** The units of Siddhi, in which WSO2 counts quotas; months and years have a fixed length there too. */
const unitMs: Readonly<Record<string, number>> = {
  sec: secondMs,
  second: secondMs,
  min: 60_000,
  minute: 60_000,
  hour: 3_600_000,
  day: dayMs,
  week: 7 * dayMs,
  month: 30 * dayMs,
  year: 365 * dayMs,
};

type DataUnit = 'KB' | 'MB' | 'GB';
const bytesOf: Readonly<Record<DataUnit, number>> = { KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 };

const windowShape = {
  timeUnit: text({ expected: 'a unit of time such as "min"', charactersMax: 20 }),
  unitTime: wholeNumber(1, windowMsMax / secondMs),
};
const algorithmShape = { algorithm: algorithmField, bucketSize: bucketSizeField };
const tokenCount = wholeNumber(0, unitsMax).nullish();

/** What a policy, or a group of one, limits. */
export interface StatedQuota {
  readonly type: 'REQUESTCOUNTLIMIT' | 'BANDWIDTHLIMIT' | 'EVENTCOUNTLIMIT' | 'AIAPIQUOTALIMIT';
  readonly requestCount?: (Counted & { readonly requestCount: number }) | null | undefined;
  readonly bandwidth?:
    | (Counted & { readonly dataAmount: number; readonly dataUnit: DataUnit })
    | null
    | undefined;
  readonly eventCount?: (Counted & { readonly eventCount: number }) | null | undefined;
  readonly aiApiQuota?: AiQuota | null | undefined;
}

interface Window {
  readonly timeUnit: string;
  readonly unitTime: number;
}

interface Counted extends Window {
  readonly algorithm?: Limit['kind'] | null | undefined;
  readonly bucketSize?: number | null | undefined;
}

type AiQuota = Window & Readonly<Partial<Record<AiField | 'reserveTokens', number | null | undefined>>>;

type AiField = 'requestCount' | 'totalTokenCount' | 'promptTokenCount' | 'completionTokenCount';
const aiMeasures: readonly (readonly [AiField, Measure])[] = [
  ['requestCount', 'requests'],
  ['totalTokenCount', 'total-tokens'],
  ['promptTokenCount', 'prompt-tokens'],
  ['completionTokenCount', 'completion-tokens'],
];

export const quotaSchema: z.ZodType<StatedQuota> = mapping({
  type: oneOf(['REQUESTCOUNTLIMIT', 'BANDWIDTHLIMIT', 'EVENTCOUNTLIMIT', 'AIAPIQUOTALIMIT']),
  requestCount: mapping({
    ...windowShape,
    requestCount: wholeNumber(0, unitsMax),
    ...algorithmShape,
  }).nullish(),
  bandwidth: mapping({
    ...windowShape,
    dataAmount: wholeNumber(0, Math.floor(unitsMax / bytesOf.GB)),
    dataUnit: oneOf(['KB', 'MB', 'GB']),
    ...algorithmShape,
  }).nullish(),
  eventCount: mapping({
    ...windowShape,
    eventCount: wholeNumber(0, unitsMax),
    ...algorithmShape,
  }).nullish(),
  aiApiQuota: mapping({
    ...windowShape,
    requestCount: tokenCount,
    totalTokenCount: tokenCount,
    promptTokenCount: tokenCount,
    completionTokenCount: tokenCount,
    reserveTokens: tokenCount,
  }).nullish(),
});

/** The quotas of a limit in the mapping at a path, or nothing when something is wrong with it, which is reported. */
export function readQuotas(source: SourceFile, at: Path, stated: StatedQuota): readonly Quota[] | undefined {
  const { requestCount, bandwidth, eventCount, aiApiQuota } = stated;
  switch (stated.type) {
    case 'REQUESTCOUNTLIMIT': {
      const path = [...at, 'requestCount'];
      if (!requestCount) return reportMissing(source, path, 'timeUnit, unitTime and requestCount');
      return counted(source, path, {
        ...requestCount,
        measure: 'requests',
        name: 'requestCount',
        count: requestCount.requestCount,
      });
    }
    case 'BANDWIDTHLIMIT': {
      const path = [...at, 'bandwidth'];
      if (!bandwidth) return reportMissing(source, path, 'timeUnit, unitTime, dataAmount and dataUnit');
      const bytes = bytesOf[bandwidth.dataUnit];
      return counted(source, path, {
        ...bandwidth,
        measure: 'request-bytes',
        name: 'dataAmount',
        count: bandwidth.dataAmount * bytes,
        ...(bandwidth.bucketSize && { bucketSize: bandwidth.bucketSize * bytes }),
      });
    }
    case 'EVENTCOUNTLIMIT': {
      const path = [...at, 'eventCount'];
      if (!eventCount) return reportMissing(source, path, 'timeUnit, unitTime and eventCount');
      return counted(source, path, {
        ...eventCount,
        measure: 'events',
        name: 'eventCount',
        count: eventCount.eventCount,
      });
    }
    case 'AIAPIQUOTALIMIT': {
      const path = [...at, 'aiApiQuota'];
      if (!aiApiQuota) return reportMissing(source, path, 'timeUnit, unitTime and the counts of tokens');
      return aiQuotas(source, path, aiApiQuota);
    }
    default:
      return stated.type satisfies never;
  }
}

function counted(
  source: SourceFile,
  path: Path,
  stated: Counted & { readonly measure: Measure; readonly name: string; readonly count: number },
): readonly Quota[] | undefined {
  const { measure, name, count, algorithm, bucketSize } = stated;
  const windowMs = windowOf(source, path, stated);
  if (windowMs === undefined) return undefined;
  const names = { count: name, algorithm: 'algorithm', bucketSize: 'bucketSize' };
  const terms = { path, names, count, windowMs, starts: 'aligned', algorithm, bucketSize } as const;
  const limit = limitByAlgorithm(source, terms);
  return limit && [{ measure, limit }];
}

/** Of the counts those that aren't 0 or absent hold, each for itself (wso2.md 1.11). */
function aiQuotas(source: SourceFile, path: Path, stated: AiQuota): readonly Quota[] | undefined {
  const windowMs = windowOf(source, path, stated);
  if (windowMs === undefined) return undefined;
  const quotas = aiMeasures.flatMap(([field, measure]): readonly Quota[] => {
    const quota = stated[field] ?? 0;
    if (quota === 0) return [];
    // One request must have a chance: more than the whole quota can't be reserved.
    const reserved = measure === 'requests' ? 0 : Math.min(stated.reserveTokens ?? 0, quota);
    const limit: Limit = { kind: 'fixed-window', quota, windowMs, starts: 'aligned' };
    return [{ measure, limit, ...(reserved > 0 && { reserved }) }];
  });
  if (quotas.length === 0) {
    const message = 'aiApiQuota limits nothing: all its counts are 0 or missing.';
    source.warning({ code: 'no-effect', path, message });
  }
  return quotas;
}

/** A window in ms; nothing when it is none, which is reported. */
export function windowOf(source: SourceFile, path: Path, { timeUnit, unitTime }: Window): number | undefined {
  const name = timeUnit.toLowerCase().replace(/s$/, '');
  const unit = Object.hasOwn(unitMs, name) ? unitMs[name] : undefined;
  if (unit === undefined) {
    const message = `timeUnit: found ${quote(timeUnit)}, expected one of ${Object.keys(unitMs).join(', ')}.`;
    const hint = didYouMean(timeUnit, Object.keys(unitMs));
    source.error({ code: 'invalid-value', path: [...path, 'timeUnit'], message, hint });
    return undefined;
  }
  const windowMs = unit * unitTime;
  if (windowMs <= windowMsMax) return windowMs;
  const message = `unitTime: a window of ${unitTime} ${timeUnit} is longer than 366 days.`;
  source.error({ code: 'invalid-value', path: [...path, 'unitTime'], message });
  return undefined;
}

function reportMissing(source: SourceFile, path: Path, fields: string): undefined {
  const message = `${path.at(-1)} is missing; expected a mapping with ${fields}.`;
  source.error({ code: 'missing-value', path, message });
}
