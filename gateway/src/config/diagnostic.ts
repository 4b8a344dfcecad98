/**
 * One finding about an operator's files. `error`: the gateway won't start. `warning`: it starts, but something may not be
 * what the operator meant. `note`: something has no effect here and needn't; only `sluice check` shows notes.
 */
export interface Diagnostic {
  readonly severity: Severity;
  readonly code: DiagnosticCode;
  /** What was found and what was expected, in one sentence. Never holds a secret. */
  readonly message: string;
  /** What to do about it, such as the nearest known name. */
  readonly hint?: string;
  readonly at: Place;
}

export type Severity = 'error' | 'warning' | 'note';

/** Where in the operator's files; line and column count from 1, in characters. */
export interface Place {
  /** The path below the home folder, or as the operator named it. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The offending line as written, secrets masked; empty when the finding is about the file as a whole. */
  readonly text: string;
}

/** The stable names of all kinds of findings; docs/reference/configuration.md explains each. */
export const diagnosticCodes = [
  'condition-switch',
  'conflict',
  'counts-per-gateway',
  'definition-differs',
  'duplicate',
  'empty-file',
  'ignored-file',
  'invalid-placeholder',
  'invalid-value',
  'missing-deployment-toml',
  'missing-home',
  'missing-value',
  'more-findings',
  'no-api',
  'no-effect',
  'no-issuer',
  'not-offered',
  'not-served',
  'not-supported',
  'plain-key',
  'stop-on-quota-reach',
  'syntax',
  'too-large',
  'unknown-api',
  'unknown-environment',
  'unknown-key',
  'unknown-operation',
  'unknown-policy',
  'unknown-tier',
  'unreadable-file',
  'unsigned-events',
  'unused-endpoint-limit',
  'unverified-backends',
] as const;

export type DiagnosticCode = (typeof diagnosticCodes)[number];
