import type { HomeEdit } from '../home/home-edit.ts';
import { StoreError } from '../limits/counter-store.ts';
import type { FileExchange } from './file-exchange.ts';
import { ancestorsOf, bodyOf, digestOf, parseEntry } from './shared-entry.ts';
import type { KnownFile, SharedRecord } from './shared-record.ts';

const triesMax = 5;

/** Makes a text the one that a file has everywhere, after all that anybody knows it to have had. Rejects with `StoreError`. */
export async function publishFile(
  exchange: FileExchange,
  record: SharedRecord,
  { path, text }: HomeEdit,
): Promise<KnownFile> {
  const pending = record.pending[path]?.after ?? [];
  for (let tried = 0; tried < triesMax; tried += 1) {
    const raw = await exchange.entry(path);
    const after = ancestorsOf([...historyOf(raw), ...knownHistory(record, path), ...pending]);
    const floor = Math.max(0, ...Object.values(record.files).map((file) => file.revision));
    const body = bodyOf({ text, after });
    const revision = await exchange.publish({ path, body, expected: revisionOf(raw), floor });
    if (revision !== undefined) return { revision, digest: digestOf(text), after };
  }
  throw new StoreError(`${path} is changed too fast elsewhere`);
}

/** Puts a file's entry back that Redis has lost, as long as nobody has put another one in its place. Rejects with `StoreError`. */
export async function restoreFile(
  exchange: FileExchange,
  record: SharedRecord,
  { path, text, raw }: HomeEdit & { readonly raw: string | undefined },
): Promise<void> {
  const known = record.files[path];
  if (known === undefined || (await exchange.entry(path)) !== raw) return;
  const body = bodyOf({ text, after: ancestorsOf([...historyOf(raw), ...knownHistory(record, path)]) });
  await exchange.publish({ path, body, expected: revisionOf(raw), floor: 0, restored: known.revision });
}

/** What the file had everywhere, by its entry. */
function historyOf(raw: string | undefined): readonly string[] {
  const held = raw === undefined ? undefined : parseEntry(raw);
  return held === undefined ? [] : [...held.after, digestOf(held.text)];
}

function knownHistory({ files }: SharedRecord, path: string): readonly string[] {
  const known = files[path];
  return known === undefined ? [] : [...known.after, known.digest];
}

/** As the script reads it, also from what is no entry. */
function revisionOf(raw: string | undefined): number {
  return Number(/^\d+(?= )/.exec(raw ?? '')?.[0] ?? 0);
}
