/*
 * home/ promises: the files that a gateway goes by change one time after the other, and only to what it can go by; a file is on the
 * disk as it was or as it shall be. It knows files and configuration, not who asks.
 */
import type { Diagnostic } from '../config/diagnostic.ts';
import type { Home } from '../config/home.ts';

/** One file of a home gets another text, or goes. `path` is relative to the home, below one of its folders. */
export interface HomeEdit {
  readonly path: string;
  readonly text: string | undefined;
}

/** An edit, and what the file held before; nothing for a file that wasn't there. */
export interface DoneEdit extends HomeEdit {
  readonly before: string | undefined;
}

/** What became of a change. */
export type Outcome =
  | { readonly taken: true }
  /** The gateway goes on by what it had. `diagnostics` are all findings, some of them errors. */
  | { readonly taken: false; readonly diagnostics: readonly Diagnostic[] };

/** The files of a home as somebody sees them who may change them. */
export interface ChangeableHome {
  /** As they are now; findings when they can't be read. */
  read(): Promise<ReadHome>;
  /**
   * `planned` says by the files what to change, and may throw: then nothing is changed. What a gateway would refuse changes nothing
   * either. Rejects with `WriteError` when the files can't be written.
   */
  change(planned: (home: Home) => readonly HomeEdit[]): Promise<Outcome>;
}

/** The files of a home, or why they can't be read. */
export type ReadHome = { readonly home: Home } | { readonly diagnostics: readonly Diagnostic[] };

/** The home as it is after the edits. */
export function edited(home: Home, edits: readonly HomeEdit[]): Home {
  const changed = new Set(edits.map(({ path }) => path));
  const added = edits.flatMap(({ path, text }) => (text === undefined ? [] : [{ path, text }]));
  return [...home.filter(({ path }) => !changed.has(path)), ...added];
}
