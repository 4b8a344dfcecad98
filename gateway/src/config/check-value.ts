import * as z from 'zod';
import { ignoredKeys } from './expected.ts';
import { didYouMean, quote } from './nearest-name.ts';
import { maskUrlUsers, namesSecret } from './secret-mask.ts';
import { isRecord, type Path, type SourceFile, valueAt } from './source-file.ts';

/**
 * Checks the value at a path of a file against a schema and gives it back typed. What doesn't fit is reported as errors, and
 * then nothing is returned; keys that nobody knows are reported as warnings.
 */
export function checkValue<Value>(source: SourceFile, schema: z.ZodType<Value>, at: Path): Value | undefined {
  const value = valueAt(source.value, at);
  reportUnknownKeys(source, schema, value, at);
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  reportIssues(source, firstIssues(result.error.issues), at);
  return undefined;
}

/** The fields of a mapping, each of which may be missing. */
export type SoundFields<Shape extends z.ZodRawShape> = z.infer<
  z.ZodObject<{ -readonly [Key in keyof Shape]: z.ZodOptional<Shape[Key]> }>
>;

/**
 * Like `checkValue`, but a mapping's sound fields are given back even when others are wrong or missing, so that one run
 * finds every problem.
 */
export function checkFields<Shape extends z.ZodRawShape>(
  source: SourceFile,
  schema: z.ZodObject<Shape>,
  at: Path,
): SoundFields<Shape> {
  const value = valueAt(source.value, at);
  reportUnknownKeys(source, schema, value, at);
  const issues = firstIssues(schema.safeParse(value).error?.issues ?? []);
  reportIssues(source, issues, at);
  const wrong = new Set(issues.map((issue) => issue.path[0]));
  const sound = Object.entries(isRecord(value) ? value : {}).filter(([key]) => !wrong.has(key));
  return soundFields(schema, Object.fromEntries(sound));
}

/** Fields that are known to fit their schema, typed. */
export function soundFields<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  fields: Readonly<Record<string, unknown>>,
): SoundFields<Shape> {
  return schema.partial().parse(fields);
}

/** The first issue at each path: a value that fails two checks of a leaf is one problem. */
export function firstIssues(issues: readonly z.core.$ZodIssue[]): readonly z.core.$ZodIssue[] {
  const byPath = new Map(issues.toReversed().map((issue) => [JSON.stringify(pathOf(issue)), issue]));
  return [...byPath.values()].toReversed();
}

function reportIssues(source: SourceFile, issues: readonly z.core.$ZodIssue[], at: Path): void {
  for (const issue of issues) {
    const path = [...at, ...pathOf(issue)];
    reportIssue(source, issue, path, valueAt(source.value, path));
  }
}

/** Reports one thing that doesn't fit a schema: what was found at the path, and what was expected. */
export function reportIssue(
  source: SourceFile,
  issue: z.core.$ZodIssue,
  path: Path,
  found: unknown,
  inWords: string = describe(found, nameOf(path)),
): void {
  const name = nameOf(path);
  const expected = issue.message;
  if (found === undefined) {
    const message = `${name} is missing; expected ${expected}.`;
    source.error({ code: 'missing-value', path, message });
    return;
  }
  const hint =
    issue.code === 'invalid_value' && typeof found === 'string' ? nearWord(found, issue.values) : undefined;
  const message = `${name}: found ${inWords}, expected ${expected}.`;
  source.error({ code: 'invalid-value', path, message, hint });
}

/** A value in words for a message; secrets are only named. */
export function describe(value: unknown, name = ''): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (isRecord(value)) return 'a mapping';
  if (namesSecret(name)) return `a ${typeof value}`;
  if (typeof value === 'string') return `a string ${quote(maskUrlUsers(value))}`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return 'a date or binary value';
}

/** `port`, `policies[1]`: the end of a path, as a person would say it. */
export function nameOf(path: Path): string {
  const last = path.at(-1);
  if (last === undefined) return 'the file';
  return typeof last === 'number' ? `${nameOf(path.slice(0, -1))}[${last}]` : last.slice(0, 80);
}

/** The steps of an issue's path; symbols don't occur in parsed files. */
export function pathOf(issue: z.core.$ZodIssue): Path {
  return issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
}

function nearWord(found: string, words: readonly unknown[]): string | undefined {
  const known = words.filter((word) => typeof word === 'string');
  // The message lists the words already; only a near one is worth a hint.
  const hint = didYouMean(found, known);
  return hint?.startsWith('Did') === true ? hint : undefined;
}

/** Reports the keys that nobody knows, of a value and in it, as `checkValue` does. */
export function reportUnknownKeys(
  source: SourceFile,
  schema: z.core.$ZodType,
  value: unknown,
  path: Path,
): void {
  const inner = unwrapped(schema);
  if (inner instanceof z.ZodArray && Array.isArray(value)) {
    for (const [index, item] of value.entries())
      reportUnknownKeys(source, inner.element, item, [...path, index]);
  } else if (inner instanceof z.ZodObject && isRecord(value)) {
    const shape: Readonly<Record<string, z.core.$ZodType>> = inner.shape;
    const ignored = ignoredKeys.get(inner)?.names ?? [];
    for (const [key, child] of Object.entries(value)) {
      const childSchema = Object.hasOwn(shape, key) ? shape[key] : undefined;
      if (childSchema !== undefined) reportUnknownKeys(source, childSchema, child, [...path, key]);
      else if (!ignored.includes(key))
        reportUnknownKey(source, [...path, key], [...Object.keys(shape), ...ignored]);
    }
  }
}

function reportUnknownKey(source: SourceFile, path: Path, known: readonly string[]): void {
  const key = String(path.at(-1));
  const message = `${quote(key)} is not a key that is known here; it has no effect.`;
  const hint = didYouMean(key, known);
  source.warning({ code: 'unknown-key', path, part: 'key', message, hint, valueHidden: true });
}

function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return unwrapped(schema.unwrap());
  return schema;
}
