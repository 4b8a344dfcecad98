import type { HomeEdit } from '../home/home-edit.ts';
import { StoreError } from '../limits/counter-store.ts';
import type { FileExchange } from './file-exchange.ts';
import { ancestorsOf, bodyOf, digestOf, parseEntry } from './shared-entry.ts';
import type { KnownFile, SharedRecord } from './shared-record.ts';

const triesMax = 5;

/**
 * Makes a text the one that a file has everywhere, after all that anybody knows it to have had. With `only` it does so only as long
 * as the entry is that one, and gives undefined otherwise. Rejects with `StoreError`.
 */
export async function publishFile(
  exchange: FileExchange,
  { files, pending }: SharedRecord,
  { path, text }: HomeEdit,
  only?: { readonly raw: string | undefined },
): Promise<KnownFile | undefined> {
  const known = files[path];
  const floor = Math.max(0, ...Object.values(files).map((file) => file.revision));
  for (let tried = 0; tried < triesMax; tried += 1) {
    const raw = await exchange.entry(path);
    if (only !== undefined && raw !== only.raw) return undefined;
    const held = raw === undefined ? undefined : parseEntry(raw);
    const after = ancestorsOf([
      ...(held === undefined ? [] : [...held.after, digestOf(held.text)]),
      ...(known === undefined ? [] : [...known.after, known.digest]),
      ...(pending[path]?.after ?? []),
    ]);
    const expected = Number(/^\d+(?= )/.exec(raw ?? '')?.[0] ?? 0);
    const revision = await exchange.publish({ path, body: bodyOf({ text, after }), expected, floor });
    if (revision !== undefined) return { revision, digest: digestOf(text), after };
  }
  throw new StoreError(`${path} is changed too fast elsewhere`);
}
