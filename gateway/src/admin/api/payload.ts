import { parseExports } from '../../config/exports.ts';
import type { HomeFile } from '../../config/home.ts';
import { isRecord } from '../../config/source-file.ts';
import { stringify } from 'yaml';
import { ApiError } from './api-error.ts';

/** A policy as the API takes and gives it. */
export type Payload = Readonly<Record<string, unknown>>;

const nodesDeepMax = 40;

/** A JSON object. Throws `ApiError` with status 400. */
export function parsePayload(text: string): Payload {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ApiError(400, 'The body is not valid JSON.');
  }
  return asPayload(value, 'The body');
}

/** Throws `ApiError` with status 400 unless it is an object that isn't nested beyond all reason. */
export function asPayload(value: unknown, what: string): Payload {
  if (!isRecord(value)) throw new ApiError(400, `${what} is not an object.`);
  if (isDeeper(value, nodesDeepMax)) throw new ApiError(400, `${what} is nested too deeply.`);
  return value;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}

/** The objects that a file holds, each as apictl would write it; none when one of them can't be read. */
export function payloadsOfFile(path: string, text: string): readonly Payload[] {
  const values: unknown[] = parseExports({ path, text }, () => {}).map(({ source }) => source?.value);
  return values.every(isRecord) ? values : [];
}

/** What a file holds with one of its objects replaced or, without a `value`, removed; nothing of nothing else is left. */
export function replacedIn(
  { path, text }: HomeFile,
  index: number,
  value: Payload | undefined,
): string | undefined {
  const all = payloadsOfFile(path, text).toSpliced(index, 1, ...(value === undefined ? [] : [value]));
  const [first, ...others] = all;
  if (first === undefined) return undefined;
  return others.length === 0 ? fileText(path, first) : fileText(path, all);
}

/** The text of a file at this path. Strings are quoted, so that a reader of YAML 1.1, such as apictl, takes none for something else. */
export function fileText(path: string, value: Payload | readonly Payload[]): string {
  if (path.endsWith('.json')) return `${JSON.stringify(value, null, 2)}\n`;
  return stringify(value, { defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN', lineWidth: 0 });
}
