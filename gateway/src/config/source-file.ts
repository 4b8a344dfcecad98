import type { Diagnostic, DiagnosticCode, Place, Severity } from './diagnostic.ts';
import type { HomeFile } from './home.ts';
import { maskFrom, maskSecrets, maskValueAfter } from './secret-mask.ts';

/** The keys and list positions that lead to a value inside a file. */
export type Path = readonly (string | number)[];

/** Line and column, from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/**
 * Where the value at a path stands, or its key. For a path that doesn't exist: where the deepest part of it that does
 * exist begins.
 */
export type Locate = (path: Path, part: 'key' | 'value') => Position;

interface Finding {
  readonly code: DiagnosticCode;
  readonly path: Path;
  /** What to point at; the value unless said otherwise. */
  readonly part?: 'key' | 'value';
  /** A place inside a text of several lines, from 1. Found where the text is written line by line (`|`). */
  readonly inside?: Position;
  readonly message: string;
  readonly hint?: string | undefined;
  /** Masks the value in the offending line: nobody knows whether it is a secret. */
  readonly valueHidden?: boolean;
}

/** One of the operator's files, parsed. Findings about it are reported through it, so that they carry their place. */
export interface SourceFile {
  readonly path: string;
  readonly value: unknown;
  place(path: Path, part?: 'key' | 'value'): Place;
  error(finding: Finding): void;
  warning(finding: Finding): void;
  note(finding: Finding): void;
}

/** A file and what parsing made of it: nothing after a syntax error. */
export interface ParsedFile {
  readonly path: string;
  readonly source: SourceFile | undefined;
}

/** Takes findings; those of all files end in one list. */
export type Report = (diagnostic: Diagnostic) => void;

/** Longer lines are cut before they are shown. */
const lineCharactersMax = 300;
/** More warnings and notes than these say nothing new about one file. Errors are never dropped. */
const remarksMax = 100;

export function sourceFile(file: HomeFile, value: unknown, locate: Locate, report: Report): SourceFile {
  const lines = linesOf(file.text);
  const secretLines = linesOfSecretsTable(lines);
  let remarks = 0;

  const place = (
    path: Path,
    part: 'key' | 'value' = 'value',
    { valueHidden = false, inside }: Pick<Finding, 'valueHidden' | 'inside'> = {},
  ): Place => {
    const { line, column } = insideOf(lines, locate(path, part), inside);
    if (secretLines.has(line)) return { file: file.path, line, column, text: '' };
    return { file: file.path, line, column, text: lineText(lines, line, valueHidden ? column : undefined) };
  };
  const add = (severity: Severity, finding: Finding): void => {
    if (severity !== 'error' && ++remarks > remarksMax) {
      if (remarks === remarksMax + 1) report(moreFindings(file.path));
      return;
    }
    report(diagnosticOf(severity, finding, place(finding.path, finding.part, finding)));
  };
  return {
    path: file.path,
    value,
    place: (path, part) => place(path, part),
    error: (finding) => add('error', finding),
    warning: (finding) => add('warning', finding),
    note: (finding) => add('note', finding),
  };
}

/**
 * A finding about a file that couldn't be parsed, at the place where parsing ended. Nobody knows what stands there, so the
 * line is shown only as far as that, and not at all without a key: it may be the inside of a secret.
 */
export function syntaxError(file: HomeFile, position: Position, message: string): Diagnostic {
  const lines = linesOf(file.text);
  const line = cleanLine(lines, position.line);
  const key = /^\s*(\[|(- )*[^:=]*[:=]\s*)/.exec(line)?.[0];
  const isHidden = key === undefined || linesOfSecretsTable(lines).has(position.line);
  const text = isHidden ? '' : maskSecrets(maskFrom(line, Math.max(key.length, position.column - 1)));
  return { severity: 'error', code: 'syntax', message, at: { file: file.path, ...position, text } };
}

/** A finding about a file or folder as a whole. */
export function wholeFile(
  severity: Severity,
  code: DiagnosticCode,
  path: string,
  message: string,
): Diagnostic {
  return { severity, code, message, at: { file: path, line: 1, column: 1, text: '' } };
}

/** Whether a parsed value is a table or mapping. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The value at a path inside a parsed value. */
export function valueAt(value: unknown, path: Path): unknown {
  let found = value;
  for (const step of path) {
    if (Array.isArray(found) && typeof step === 'number') found = found[step];
    else if (isRecord(found) && Object.hasOwn(found, step)) found = found[step];
    else return undefined;
  }
  return found;
}

/** The place inside a block of text that begins with `|` at `start`; the start itself of any other text. */
function insideOf(lines: readonly string[], start: Position, inside: Position | undefined): Position {
  const header = lines[start.line - 1]?.slice(start.column - 1) ?? '';
  if (inside === undefined || !/^\|[+-]?\s*(?:#.*)?$/.test(header)) return start;
  const indent =
    lines
      .slice(start.line)
      .find((line) => line.trim() !== '')
      ?.search(/\S/) ?? 0;
  return { line: start.line + inside.line, column: indent + inside.column };
}

function diagnosticOf(severity: Severity, finding: Finding, at: Place): Diagnostic {
  const { code, message, hint } = finding;
  return hint === undefined ? { severity, code, message, at } : { severity, code, message, hint, at };
}

function moreFindings(path: string): Diagnostic {
  const message = `There are more than ${remarksMax} warnings and notes about this file; the rest isn't shown.`;
  return wholeFile('warning', 'more-findings', path, message);
}

function linesOf(text: string): readonly string[] {
  return text.split(/\r?\n/);
}

function lineText(lines: readonly string[], line: number, hideAfter?: number): string {
  const text = cleanLine(lines, line);
  return maskSecrets(hideAfter === undefined ? text : maskValueAfter(text, hideAfter));
}

/** Cut before it is masked: masking then sees every key that stands before what is shown. */
function cleanLine(lines: readonly string[], line: number): string {
  return (lines[line - 1] ?? '').slice(0, lineCharactersMax).replace(/[^\P{Cc}\t]/gu, '\uFFFD');
}

/** The lines below a TOML header `[secrets]`: each value there is a secret, whatever its key. */
function linesOfSecretsTable(lines: readonly string[]): ReadonlySet<number> {
  const found = new Set<number>();
  let inside = false;
  for (const [index, line] of lines.entries()) {
    if (/^\s*\[/.test(line)) inside = /^\s*\[\s*["']?secrets\b/.test(line);
    else if (inside) found.add(index + 1);
  }
  return found;
}
