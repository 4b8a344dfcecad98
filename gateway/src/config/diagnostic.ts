/**
 * One finding about an operator's files. `error`: the gateway won't start. `warning`: it starts, but something may not be
 * what the operator meant. `note`: something has no effect here and needn't; only `sluice check` shows notes.
 */
export interface Diagnostic {
  readonly severity: 'error' | 'warning' | 'note';
  /** A stable name for the kind of finding, in kebab-case: `unknown-key`, `unknown-tier`, … */
  readonly code: string;
  /** What was found and what was expected, in one sentence. Never holds a secret. */
  readonly message: string;
  /** What to do about it, such as the nearest known name. */
  readonly hint?: string;
  readonly at: Place;
}

/** Where in the operator's files; line and column count from 1, in characters. */
export interface Place {
  /** The path below the home folder, or as the operator named it. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The offending line as written, secrets masked; empty when the finding is about the file as a whole. */
  readonly text: string;
}
