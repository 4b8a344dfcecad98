import type { HomeFile } from './home.ts';
import type { Report } from './source-file.ts';
import type { RevokedToken } from './token-settings.ts';

const linesMax = 1_000_000;

/**
 * Reads the lists of tokens that were taken back: in each line the SHA-256 digest of a token or `jti:` and its id, then,
 * after a space, when the token ends by itself, in seconds since the Unix epoch or as a date of ISO 8601. `#` begins a
 * comment. Problems are reported without the line's text, which may be a token.
 */
export function readRevokedTokens(files: readonly HomeFile[], report: Report): readonly RevokedToken[] {
  return files.flatMap(({ path, text }) =>
    text.split(/\r?\n/, linesMax).flatMap((written, index) => {
      const line = written.replace(/#.*$/, '').trim();
      if (line === '') return [];
      const revoked = readLine(line);
      if (revoked !== undefined) return [revoked];
      report({
        severity: 'error',
        code: 'invalid-value',
        message:
          'This line is neither the SHA-256 digest of a token, in 64 hexadecimal digits, nor jti: and an id.',
        hint: 'What may follow after a space is when the token ends, in seconds since 1970 or as an ISO 8601 date.',
        at: { file: path, line: index + 1, column: 1, text: '' },
      });
      return [];
    }),
  );
}

function readLine(line: string): RevokedToken | undefined {
  const [, digest, id, end] = /^(?:([\da-f]{64})|jti:(\S{1,255}))(?:\s+(\S+))?$/i.exec(line) ?? [];
  const endsAtMs = end === undefined ? undefined : momentOf(end);
  if (end !== undefined && endsAtMs === undefined) return undefined;
  const ends = endsAtMs === undefined ? {} : { endsAtMs };
  if (digest !== undefined) return { by: 'sha256', value: digest.toLowerCase(), ...ends };
  return id === undefined ? undefined : { by: 'jti', value: id, ...ends };
}

function momentOf(written: string): number | undefined {
  const ms = /^\d{1,12}$/.test(written) ? Number(written) * 1000 : Date.parse(written);
  return Number.isFinite(ms) ? ms : undefined;
}
