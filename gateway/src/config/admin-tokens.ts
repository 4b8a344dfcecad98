import { checkValue } from './check-value.ts';
import { type AdminToken, adminScopes } from './config.ts';
import type { Deployment } from './deployment-table.ts';
import { listOf, mapping, oneOf, text } from './expected.ts';
import { quote } from './nearest-name.ts';
import { type Path, type Report, type SourceFile, valueAt } from './source-file.ts';
import { parseTomlFile } from './toml-file.ts';

const tokensMax = 1000;

const tokenSchema = mapping({
  name: text({ expected: 'what the token is for, 1 to 60 characters', charactersMax: 60 }),
  sha256: text({
    expected: 'the SHA-256 digest of the token, 64 hexadecimal digits',
    charactersMax: 64,
    pattern: /^[0-9a-fA-F]{64}$/,
  }),
  scopes: listOf(oneOf(adminScopes), 'scopes', { from: 1 }),
});

const fileSchema = mapping({
  token: listOf(tokenSchema, `1 to ${tokensMax} tokens`, { from: 1, to: tokensMax }),
});

/** The tokens of the admin REST API: a TOML file of `[[token]]` tables. What is wrong with it is reported. */
export function readAdminTokens(
  { source, namedFile }: Deployment,
  at: Path,
  path: string,
  report: Report,
): readonly AdminToken[] {
  const file = namedFile?.(path) ?? { problem: 'no file can be read here' };
  if ('problem' in file) {
    const message = `tokens_file: the file ${quote(path)} can't be read: ${file.problem}.`;
    source.error({ code: 'unreadable-file', path: at, message });
    return [];
  }
  // Whoever writes a token where its digest belongs needn't find it in a log.
  const hidden: Report = (diagnostic) => report({ ...diagnostic, at: { ...diagnostic.at, text: '' } });
  const tokens = parseTomlFile({ path, text: file.text }, hidden);
  if (tokens === undefined) return [];
  const read = checkTokens(tokens);
  return read.map(({ name, sha256, scopes }) => ({ name, sha256: sha256.toLowerCase(), scopes }));
}

function checkTokens(tokens: SourceFile): readonly AdminToken[] {
  const list = valueAt(tokens.value, ['token']);
  const wrong = (Array.isArray(list) ? list : []).findIndex((one: unknown) => {
    const digest = valueAt(one, ['sha256']);
    return typeof digest === 'string' && !/^[0-9a-fA-F]{64}$/.test(digest);
  });
  if (wrong >= 0) {
    const message =
      'sha256: found something else, expected the SHA-256 digest of the token, 64 hexadecimal digits.';
    const hint = 'printf %s "$TOKEN" | sha256sum';
    tokens.error({ code: 'invalid-value', path: ['token', wrong, 'sha256'], message, hint });
    return [];
  }
  const read = checkValue(tokens, fileSchema, [])?.token ?? [];
  for (const [index, { sha256 }] of read.entries()) {
    const first = read.findIndex((other) => other.sha256.toLowerCase() === sha256.toLowerCase());
    if (first === index) continue;
    const message = `This token has the digest of token[${first}]: which scopes it has would depend on the order.`;
    tokens.error({ code: 'duplicate', path: ['token', index, 'sha256'], message });
  }
  return read;
}
