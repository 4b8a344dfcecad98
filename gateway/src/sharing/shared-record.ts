import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { writeFile } from '../home/write-file.ts';

/** What a gateway knows of the files that it shares, also after a restart. */
export interface SharedRecord {
  /** By path: the entry that its file was, when it was last the same as everywhere. */
  readonly files: Readonly<Record<string, KnownFile>>;
  /** By path: a change that was made here and that nobody else knows yet. */
  readonly pending: Readonly<Record<string, PendingChange>>;
}

export interface PendingChange {
  /** Of the new text. */
  readonly digest: string;
  /** Of what it may replace. */
  readonly after: readonly string[];
}

export interface KnownFile extends PendingChange {
  readonly revision: number;
}

const recordPath = '.sluice-shared.json';
const empty: SharedRecord = { files: {}, pending: {} };

const digest = z.string().regex(/^[0-9a-f]{32}$|^$/);
const recordSchema = z.object({
  name: z.string(),
  files: z.record(z.string(), z.object({ revision: z.int().min(0), digest, after: z.array(digest) })),
  pending: z.record(z.string(), z.object({ digest, after: z.array(digest) })),
});

/** The record of a home for gateways of this name; an empty one when there is none that can be read. */
export async function readRecord(homePath: string, name: string): Promise<SharedRecord> {
  try {
    const read = recordSchema.parse(JSON.parse(await readFile(join(homePath, recordPath), 'utf8')));
    return read.name === name ? { files: read.files, pending: read.pending } : empty;
  } catch {
    // Without it, what differs from everywhere counts as changed by hand: nothing is lost.
    return empty;
  }
}

/** Rejects with `WriteError`. */
export function writeRecord(homePath: string, name: string, record: SharedRecord): Promise<void> {
  return writeFile(homePath, { path: recordPath, text: `${JSON.stringify({ name, ...record })}\n` });
}
