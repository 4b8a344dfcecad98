import * as z from 'zod';
import { isRecord } from './source-file.ts';

/*
 * The leaves of all schemas. The error text of each says what is expected, ready to stand after "expected"; check-value.ts
 * makes the sentence around it. WSO2's files carry numbers and booleans as strings too, so both are taken.
 */

/** A whole number, also as a string of digits. `remark` goes on with what is expected. */
export function wholeNumber(from: number, to: number, remark = ''): z.ZodType<number> {
  const error = `a whole number from ${from} to ${to}${remark}`;
  const digits = z
    .string()
    .regex(/^\d{1,16}$/)
    .transform(Number);
  return z
    .union([z.number(), digits], { error })
    .pipe(z.int({ error }).min(from, { error }).max(to, { error }));
}

/** `true` or `false`, also as a string in any case. */
export function flag(): z.ZodType<boolean> {
  const error = 'true or false';
  const word = z
    .string()
    .regex(/^(true|false)$/i)
    .transform((text) => text.toLowerCase() === 'true');
  return z.union([z.boolean(), word], { error });
}

export interface TextBounds {
  /** What is expected, such as "the name of an API, 1 to 60 characters". */
  readonly expected: string;
  readonly charactersMax: number;
  readonly pattern?: RegExp;
}

/** Text of one line without control characters, at least one character; a number counts as its digits. */
export function text({ expected, charactersMax, pattern = /^/ }: TextBounds): z.ZodType<string> {
  const error = expected;
  const oneLine = z
    .string()
    .min(1, { error })
    .max(charactersMax, { error })
    .regex(/^\P{Cc}+$/u, { error });
  return z
    .union([z.string(), z.number().transform(String)], { error })
    .pipe(oneLine.regex(pattern, { error }));
}

/** The name of a header field. `other` is what else is expected, in front. */
export function headerName(charactersMax: number, other = ''): z.ZodType<string> {
  const expected = `${other}the name of a header, at most ${charactersMax} characters`;
  return text({ expected, charactersMax, pattern: /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/ });
}

/** One of a few words, spelled exactly. */
export function oneOf<const Word extends string>(words: readonly Word[]): z.ZodType<Word> {
  const quoted = words.map((word) => JSON.stringify(word));
  return z.enum(words, { error: quoted.length === 1 ? quoted[0] : `one of ${quoted.join(', ')}` });
}

/** A list; `of` says what it holds. */
export function listOf<Item>(
  item: z.ZodType<Item>,
  of: string,
  { from = 0, to = Infinity }: { readonly from?: number; readonly to?: number } = {},
): z.ZodType<Item[]> {
  const error = `a list of ${of}`;
  const list = z.array(item, { error }).min(from, { error });
  return Number.isFinite(to) ? list.max(to, { error }) : list;
}

/** A mapping with these keys. `ignored` are keys that exist in WSO2 but have no effect here and get no finding. */
export function mapping<Shape extends z.ZodRawShape>(
  shape: Shape,
  ignored: readonly string[] = [],
): z.ZodObject<Shape> {
  return z.object(shape, { error: 'a mapping' }).register(ignoredKeys, { names: ignored });
}

/** A mapping whose fields are checked on their own. */
export function anyMapping(expected: string): z.ZodType<Readonly<Record<string, unknown>>> {
  return z.custom<Readonly<Record<string, unknown>>>(isRecord, { error: expected });
}

/** The ignored keys of each `mapping`. */
export const ignoredKeys: z.core.$ZodRegistry<{ names: readonly string[] }> = z.registry();
