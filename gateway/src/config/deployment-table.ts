import type * as z from 'zod';
import {
  describe,
  firstIssues,
  nameOf,
  pathOf,
  reportIssue,
  soundFields,
  type SoundFields,
} from './check-value.ts';
import { type NoEffect, nothing } from './no-effect.ts';
import { didYouMean, quote } from './nearest-name.ts';
import type { Environment } from './home.ts';
import { type Expand, placeholderPattern } from './placeholders.ts';
import { isRecord, type Path, type SourceFile, valueAt } from './source-file.ts';

/** deployment.toml, parsed, with what its placeholders stand for and the files that it names. */
export interface Deployment {
  readonly source: SourceFile;
  readonly expand: Expand;
  readonly namedFile: Environment['namedFile'];
  readonly tlsProblem?: Environment['tlsProblem'];
  readonly keysProblem?: Environment['keysProblem'];
}

/** What may stand in a table. An unknown key is an error in our own; WSO2's hold much that nobody here knows. */
export interface KnownKeys {
  readonly read: readonly string[];
  readonly noEffect?: NoEffect;
  readonly unknownIs: 'error' | 'warning';
}

export interface Table<Shape extends z.ZodRawShape> {
  readonly path: Path;
  readonly schema: z.ZodObject<Shape>;
  readonly noEffect?: NoEffect;
  readonly unknownIs: 'error' | 'warning';
  /** Keys hold dots and may also be written as nested tables. */
  readonly dotted?: boolean;
}

/** Reads a table; every problem is reported, and what is sound comes back. A table that doesn't exist is an empty one. */
export function readTable<Shape extends z.ZodRawShape>(
  { source, expand }: Deployment,
  { path, schema, noEffect = nothing, unknownIs, dotted = false }: Table<Shape>,
): SoundFields<Shape> {
  const read = Object.keys(schema.shape);
  const entries = entriesOf(source, path, dotted);
  reportKeys(source, entries, { read, noEffect, unknownIs });
  const fields = new Map<string, unknown>();
  const paths = new Map<string, Path>();
  for (const entry of entries.filter(({ key }) => read.includes(key))) {
    reportTwice(source, entry, paths);
    paths.set(entry.key, entry.path);
    const value = expandValue(expand, entry.value, entry.path);
    if (value !== undefined) fields.set(entry.key, value);
  }
  const issues = schema.safeParse(Object.fromEntries(fields)).error?.issues ?? [];
  for (const issue of firstIssues(issues)) {
    const [key = '', ...rest] = pathOf(issue);
    const at = [...(paths.get(String(key)) ?? path), ...rest];
    const raw = valueAt(source.value, at);
    reportIssue(source, issue, at, raw, describeRaw(raw, nameOf(at)));
    fields.delete(String(key));
  }
  return soundFields(schema, Object.fromEntries(fields));
}

/** Reports the keys of a table that are unknown, or known to have no effect. */
export function reportKeys(source: SourceFile, entries: readonly Entry[], known: KnownKeys): void {
  const { read, noEffect = nothing, unknownIs } = known;
  for (const { key, path } of entries) {
    if (read.includes(key)) continue;
    const reason = noEffect.reason(key);
    if (reason === undefined) {
      const message = `${quote(key)} is not a key that is known here.`;
      const hint = didYouMean(key, [...read, ...noEffect.names]);
      source[unknownIs]({ code: 'unknown-key', path, part: 'key', message, hint, valueHidden: true });
    } else {
      const message = `${path.join('.')} has no effect here: ${reason}.`;
      source.note({ code: 'no-effect', path, part: 'key', message });
    }
  }
}

export interface Entry {
  readonly key: string;
  readonly path: Path;
  readonly value: unknown;
}

/** Tables inside a table with dotted keys are opened this deep; no known key has more dots. */
const dotsMax = 10;

/**
 * The keys and values of a table. In a dotted one, the tables inside are opened and their keys joined by dots. Something else
 * in a table's place is reported.
 */
export function entriesOf(source: SourceFile, path: Path, dotted = false): readonly Entry[] {
  const table = valueAt(source.value, path);
  if (table === undefined) return [];
  if (!isRecord(table)) {
    const message = `${nameOf(path)}: found ${describe(table, nameOf(path))}, expected a table.`;
    source.error({ code: 'invalid-value', path, message });
    return [];
  }
  const entries: Entry[] = [];
  const add = (key: string, at: Path, value: unknown): void => {
    if (!dotted || !isRecord(value) || at.length > dotsMax) entries.push({ key, path: at, value });
    else for (const [name, child] of Object.entries(value)) add(`${key}.${name}`, [...at, name], child);
  };
  for (const [key, value] of Object.entries(table)) add(key, [...path, key], value);
  return entries;
}

function reportTwice(source: SourceFile, { key, path }: Entry, paths: ReadonlyMap<string, Path>): void {
  const first = paths.get(key);
  if (first === undefined) return;
  const message = `${key} is set twice, also at line ${source.place(first).line}.`;
  source.error({ code: 'duplicate', path, part: 'key', message });
}

/** Strings and lists of strings with their placeholders replaced; nothing when one can't be. */
function expandValue(expand: Expand, value: unknown, path: Path): unknown {
  if (typeof value === 'string') return expand(value, path);
  if (!Array.isArray(value)) return value;
  const items: unknown[] = value.map((item: unknown, index) => expandValue(expand, item, [...path, index]));
  return items.includes(undefined) ? undefined : items;
}

/** What a placeholder stands for may be a secret, so only the placeholder is shown. */
function describeRaw(raw: unknown, name: string): string {
  const hasPlaceholder = typeof raw === 'string' && placeholderPattern.test(raw);
  return hasPlaceholder ? `the value of ${quote(raw)}` : describe(raw, name);
}
