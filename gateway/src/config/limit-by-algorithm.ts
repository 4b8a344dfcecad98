import type * as z from 'zod';
import { type FixedWindow, type Limit, unitsMax } from '../limits/limit.ts';
import { oneOf, wholeNumber } from './expected.ts';
import { quote } from './nearest-name.ts';
import { type Path, type SourceFile, valueAt } from './source-file.ts';

type Algorithm = Limit['kind'];

/** The field beside a limit's count that says how it is counted; absent is `fixed-window`, as in WSO2. */
export const algorithmField: z.ZodType<Algorithm | null | undefined> = oneOf([
  'fixed-window',
  'sliding-window',
  'token-bucket',
]).nullish();

/** The field that says how many tokens a token bucket holds; absent is as many as the count. */
export const bucketSizeField: z.ZodType<number | null | undefined> = wholeNumber(1, unitsMax).nullish();

/** What the fields of one limit are called: each kind of file has its own names. */
export interface LimitNames {
  readonly count: string;
  readonly algorithm: string;
  readonly bucketSize: string;
}

/** A limit as its file states it, field by field, in the mapping at `path`. */
export interface StatedLimit {
  readonly path: Path;
  readonly names: LimitNames;
  readonly count: number;
  readonly windowMs: number;
  /** When the windows of this level start, if they are fixed. */
  readonly starts: FixedWindow['starts'];
  readonly algorithm: Algorithm | null | undefined;
  readonly bucketSize: number | null | undefined;
}

/** The limit, or nothing when its fields don't go together, which is reported. */
export function limitByAlgorithm(source: SourceFile, stated: StatedLimit): Limit | undefined {
  const { path, names, count: quota, windowMs, starts, bucketSize } = stated;
  // What is written and yet absent here was wrong, and reported: nothing can be said about the rest.
  if (isWritten(source, path, names.algorithm) && !stated.algorithm) return undefined;
  if (isWritten(source, path, names.bucketSize) && !bucketSize) return undefined;
  const kind = stated.algorithm ?? 'fixed-window';
  if (kind === 'token-bucket') return tokenBucket(source, stated);
  if (bucketSize) {
    const message = `${names.bucketSize}: only a token bucket has a size, and the algorithm here is ${quote(kind)}.`;
    const hint = `Set ${names.algorithm} to ${quote('token-bucket')}, or remove ${names.bucketSize}.`;
    source.error({ code: 'conflict', path: [...path, names.bucketSize], message, hint });
    return undefined;
  }
  return kind === 'fixed-window' ? { kind, quota, windowMs, starts } : { kind, quota, windowMs };
}

/** For a limit without a count, which is none: reports an algorithm or a size that is stated all the same. */
export function reportWithoutCount(source: SourceFile, path: Path, names: LimitNames): void {
  if (isWritten(source, path, names.count)) return;
  const name = [names.algorithm, names.bucketSize].find((field) => isWritten(source, path, field));
  if (name === undefined) return;
  const message = `${name} is set, but ${names.count} is missing; without it there is no limit.`;
  source.error({ code: 'missing-value', path: [...path, name], part: 'key', message });
}

function tokenBucket(source: SourceFile, stated: StatedLimit): Limit | undefined {
  const { path, names, count: quota, windowMs } = stated;
  if (quota === 0) {
    const message = `${names.count}: found 0, expected at least 1: a token bucket gets as many back in each window.`;
    const hint = `Set ${names.algorithm} to ${quote('fixed-window')} to refuse every request.`;
    source.error({ code: 'invalid-value', path: [...path, names.count], message, hint });
    return undefined;
  }
  const burst = stated.bucketSize ?? quota;
  const burstMax = Math.floor(Number.MAX_SAFE_INTEGER / windowMs);
  if (burst <= burstMax) return { kind: 'token-bucket', quota, windowMs, burst };
  const name = stated.bucketSize ? names.bucketSize : names.count;
  const message = `${name}: a bucket of ${burst} tokens can't be counted exactly; with this window it may hold ${burstMax}.`;
  const hint = `Set ${names.bucketSize} to less, or take a shorter window.`;
  source.error({ code: 'invalid-value', path: [...path, name], message, hint });
  return undefined;
}

function isWritten(source: SourceFile, path: Path, name: string): boolean {
  const value = valueAt(source.value, [...path, name]);
  return value !== undefined && value !== null;
}
