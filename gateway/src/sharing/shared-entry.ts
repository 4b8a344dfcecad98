/*
 * sharing/ promises: what is changed on one gateway by the admin REST API is changed on all that share a name and a Redis, once and in
 * the same order, and never over a change that somebody made to the files by hand. It knows a home's files by their paths and texts
 * only (docs/decisions/0016-shared-changes.md).
 */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { roleOf } from '../config/home.ts';

/** What a file shall be on all gateways. */
export interface SharedEntry {
  /** The higher one is the later one, over all files. */
  readonly revision: number;
  /** Undefined: there shall be no such file. */
  readonly text: string | undefined;
  /** Digests of what it may replace: the texts that it had before, oldest first. */
  readonly after: readonly string[];
}

const textCharactersMax = 1024 * 1024;
const pathCharactersMax = 200;
/** Of each file so many earlier texts are known: the first one and the last ones. */
const ancestorsMax = 100;

const bodySchema = z.object({
  text: z.string().max(textCharactersMax).nullable(),
  after: z.array(z.string().regex(/^[0-9a-f]{32}$|^$/)).max(ancestorsMax),
});

/** Of a text; empty for a file that isn't there. */
export function digestOf(text: string | undefined): string {
  return text === undefined ? '' : createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** The digests, oldest first, each where it stands last, without the middle of a long history. */
export function ancestorsOf(digests: readonly string[]): readonly string[] {
  const each = [...new Set(digests.toReversed())].toReversed();
  return each.length <= ancestorsMax ? each : [...each.slice(0, 1), ...each.slice(1 - ancestorsMax)];
}

/** How an entry is written, but for its revision. */
export function bodyOf({ text, after }: Omit<SharedEntry, 'revision'>): string {
  return JSON.stringify({ text: text ?? null, after });
}

/** An entry as it stands in Redis; undefined for what is none. */
export function parseEntry(raw: string): SharedEntry | undefined {
  const [, digits, body] = /^(\d{1,15}) (.*)$/s.exec(raw) ?? [];
  if (digits === undefined || body === undefined) return undefined;
  const read = bodySchema.safeParse(parseJson(body));
  if (!read.success) return undefined;
  const { text, after } = read.data;
  return { revision: Number(digits), text: text ?? undefined, after };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether a file at this path is one that gateways share: a policy or a deny policy, and nothing else of a home. */
export function isShared(path: string): boolean {
  const role = roleOf(path);
  if ((role !== 'policy' && role !== 'deny-policy') || path.length > pathCharactersMax) return false;
  return /^[a-z-]+\/[^./\\\p{Cc}][^/\\\p{Cc}]*$/u.test(path);
}
