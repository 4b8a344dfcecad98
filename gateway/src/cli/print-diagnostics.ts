import { styleText } from 'node:util';
import type { Diagnostic, Severity } from '../config/diagnostic.ts';

/** Where findings are printed to: stdout, stderr, or a test's own. */
export interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/**
 * Prints findings for people, each with its place, its line and a hint, and a line that counts them. Prints nothing when
 * there are none. Colours only on a terminal, and never with NO_COLOR.
 */
export function printDiagnostics(diagnostics: readonly Diagnostic[], output: Output): void {
  if (diagnostics.length === 0) return;
  const coloured = output.isTTY === true && (process.env['NO_COLOR'] ?? '') === '';
  const paint: Paint = (style, text) => (coloured ? styleText(style, text, { validateStream: false }) : text);
  for (const diagnostic of diagnostics) output.write(`${formatDiagnostic(diagnostic, paint)}\n\n`);
  output.write(`${countFindings(diagnostics)}\n`);
}

/** `3 errors, 1 warning, 2 notes`; kinds without any are left out. */
export function countFindings(diagnostics: readonly Diagnostic[]): string {
  const count = (severity: Severity): string | undefined => {
    const found = diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
    return found === 0 ? undefined : `${found} ${severity}${found === 1 ? '' : 's'}`;
  };
  return [count('error'), count('warning'), count('note')].filter((part) => part !== undefined).join(', ');
}

type Paint = (style: 'bold' | 'red' | 'yellow' | 'cyan' | 'dim', text: string) => string;

const colours = { error: 'red', warning: 'yellow', note: 'cyan' } as const;

function formatDiagnostic({ severity, code, message, hint, at }: Diagnostic, paint: Paint): string {
  const place = `${at.file}:${at.line}:${at.column}`;
  const lines = [`${paint('bold', place)} ${paint(colours[severity], `${severity}[${code}]`)} ${message}`];
  if (at.text !== '') {
    lines.push(`  ${at.text}`);
    // Tabs are kept, so that the caret stands below its column however wide they are shown.
    const before = at.text.slice(0, at.column - 1).replace(/[^\t]/g, ' ');
    if (at.column <= at.text.length) lines.push(`  ${before}${paint(colours[severity], '^')}`);
  }
  if (hint !== undefined) lines.push(`  ${paint('dim', hint)}`);
  return lines.join('\n');
}
