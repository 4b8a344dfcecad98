import type { Diagnostic } from '../config/diagnostic.ts';
import type { Page } from './page.ts';

/** What became of the wish that a gateway read its files again. */
export type ReloadReport =
  | InForce
  /** The files hold errors, and what was in force before still is. */
  | { readonly outcome: 'refused'; readonly diagnostics: readonly Diagnostic[] }
  /** The files are sound, but the gateway couldn't go by them; what was in force before still is. */
  | { readonly outcome: 'failed' }
  /** This gateway was started without files. */
  | { readonly outcome: 'no-files' }
  /** The files say what they said before; only who asks for that alone hears so. */
  | { readonly outcome: 'unchanged' };

interface InForce {
  readonly outcome: 'in-force';
  readonly apis: number;
  /** What the files change and only a restart can, in words; that stays as it was. */
  readonly restartNeeded: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

const statuses = { 'in-force': 200, refused: 422, failed: 500, 'no-files': 409, unchanged: 200 } as const;

/** `POST /reload`: the files are read again before the answer, which says what is in force now, or why not what they say. */
export function reloaded(report: ReloadReport): Page {
  const body = `${JSON.stringify(report, null, 2)}\n`;
  return { status: statuses[report.outcome], contentType: 'application/json', body };
}
