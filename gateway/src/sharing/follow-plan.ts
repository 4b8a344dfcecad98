import type { Home } from '../config/home.ts';
import { digestOf, isShared, parseEntry, type SharedEntry } from './shared-entry.ts';
import type { KnownFile, SharedRecord } from './shared-record.ts';

/** What to do about one file so that this gateway and the others have the same. */
export type Step =
  /** The others' text goes into the file, or is there already. */
  | { readonly do: 'follow'; readonly path: string; readonly entry: SharedEntry }
  /** The others have an older text than they had from here, or none: Redis has lost something. */
  | { readonly do: 'restore'; readonly path: string; readonly text: string | undefined }
  /** Somebody changed the file by hand. */
  | { readonly do: 'leave'; readonly path: string; readonly revision: number }
  /** What stands in Redis is none of ours. */
  | { readonly do: 'refuse'; readonly path: string; readonly why: string };

/** Compares the home with what is shared. Files that are as they should be, or wait to be published, need no step. */
export function followPlan(
  home: Home,
  entries: ReadonlyMap<string, string>,
  { files, pending }: SharedRecord,
): readonly Step[] {
  const texts = new Map(home.map(({ path, text }) => [path, text]));
  const steps: Step[] = [];
  for (const path of new Set([...entries.keys(), ...Object.keys(files)])) {
    if (Object.hasOwn(pending, path)) continue;
    const raw = entries.get(path);
    const entry = raw === undefined ? undefined : parseEntry(raw);
    const known = Object.hasOwn(files, path) ? files[path] : undefined;
    const text = texts.get(path);
    const digest = digestOf(text);
    const isOurs = known !== undefined && digest === known.digest;
    if (raw !== undefined && !isShared(path)) steps.push({ do: 'refuse', path, why: 'no path of a policy' });
    else if (raw !== undefined && entry === undefined)
      steps.push({ do: 'refuse', path, why: 'no entry of a file' });
    else if (known !== undefined && (entry === undefined || isBefore(entry, known))) {
      if (isOurs) steps.push({ do: 'restore', path, text });
    } else if (entry !== undefined && !isSame(entry, known)) {
      const mayFollow =
        isOurs || digest === digestOf(entry.text) || textsBetween(known, entry).includes(digest);
      if (mayFollow) steps.push({ do: 'follow', path, entry });
      else steps.push({ do: 'leave', path, revision: entry.revision });
    }
  }
  // In the order in which the changes were made.
  return steps.toSorted((a, b) => revisionOf(a) - revisionOf(b));
}

function isSame({ revision, text }: SharedEntry, known: KnownFile | undefined): boolean {
  return known !== undefined && revision === known.revision && digestOf(text) === known.digest;
}

/**
 * Redis has lost what is known here. Revisions may have been given twice then: of two texts all gateways take the same one, by its
 * digest.
 */
function isBefore({ revision, text }: SharedEntry, known: KnownFile): boolean {
  return revision < known.revision || (revision === known.revision && digestOf(text) < known.digest);
}

/**
 * What a file may hold that nobody changed by hand: what it had everywhere between the entry that is known and this one. To go back to
 * an earlier text is a change by hand.
 */
function textsBetween(known: KnownFile | undefined, { after }: SharedEntry): readonly string[] {
  if (known === undefined) return after;
  const from = after.indexOf(known.digest);
  return from < 0 ? [] : after.slice(from + 1);
}

function revisionOf(step: Step): number {
  return step.do === 'follow' ? step.entry.revision : 0;
}
