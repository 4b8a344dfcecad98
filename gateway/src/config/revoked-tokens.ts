import type { HomeFile } from './home.ts';
import { type Report, type SourceFile, sourceFile } from './source-file.ts';
import type { RevokedToken } from './token-settings.ts';

const linesMax = 1_000_000;

/**
 * Reads the lists of tokens that were taken back: in each line the SHA-256 digest of a token or `jti:` and its id, then,
 * after a space, when the token ends by itself, in seconds since the Unix epoch or as a date of ISO 8601. `#` begins a
 * comment. Problems are reported, never with the line's text.
 */
export function readRevokedTokens(files: readonly HomeFile[], report: Report): readonly RevokedToken[] {
  return files.flatMap((file) => {
    const source = sourceFile(file, undefined, ([line]) => ({ line: Number(line), column: 1 }), report);
    return file.text
      .split(/\r?\n/, linesMax)
      .flatMap((line, index) => readLine(source, line, index + 1) ?? []);
  });
}

function readLine(source: SourceFile, line: string, at: number): RevokedToken | undefined {
  const [what = '', end] = line.replace(/#.*$/, '').trim().split(/\s+/, 2);
  if (what === '') return undefined;
  const [, id] = /^jti:(.{1,255})$/.exec(what) ?? [];
  const isDigest = /^[\da-f]{64}$/i.test(what);
  const endsAtMs = end === undefined ? undefined : momentOf(end);
  if ((id === undefined && !isDigest) || (end !== undefined && endsAtMs === undefined)) {
    const message =
      'expected the SHA-256 digest of a token in 64 hexadecimal digits, or jti: and an id; then, if anything, when it ends.';
    source.error({ code: 'invalid-value', path: [at], message, valueHidden: true });
    return undefined;
  }
  const ends = endsAtMs === undefined ? {} : { endsAtMs };
  return id === undefined
    ? { by: 'sha256', value: what.toLowerCase(), ...ends }
    : { by: 'jti', value: id, ...ends };
}

function momentOf(written: string): number | undefined {
  const ms = /^\d{1,12}$/.test(written) ? Number(written) * 1000 : Date.parse(written);
  return Number.isFinite(ms) ? ms : undefined;
}
