import * as z from 'zod';
import type { ApiKey } from '../policy/catalogue.ts';
import { checkFields, checkValue } from './check-value.ts';
import { listOf, mapping, oneOf, text } from './expected.ts';
import { isRecord, type Path, type SourceFile, valueAt } from './source-file.ts';

/**
 * Reads an application's API keys. They stand in the file as digests only; a key in clear is an error. So is a key that is
 * used twice, as it would prove neither application nor key type: `digests` holds where each one stands.
 */
export function readApiKeys(source: SourceFile, path: Path, digests: Map<string, string>): readonly ApiKey[] {
  const written =
    checkValue(source, listOf(z.unknown(), 'keys, each with keyType and sha256').nullish(), path) ?? [];
  const keys: ApiKey[] = [];
  for (const index of written.keys()) {
    const at = [...path, index];
    if (reportsPlainKey(source, at)) continue;
    const { keyType, sha256 } = checkFields(source, keySchema, at);
    if (sha256 !== undefined) claimDigest(source, [...at, 'sha256'], sha256.toLowerCase(), digests);
    if (keyType !== undefined && sha256 !== undefined) keys.push({ keyType, sha256: sha256.toLowerCase() });
  }
  return keys;
}

function claimDigest(source: SourceFile, path: Path, sha256: string, digests: Map<string, string>): void {
  const { file, line } = source.place(path);
  const first = digests.get(sha256);
  if (first === undefined) digests.set(sha256, `${file}:${line}`);
  else source.error({ code: 'duplicate', path, message: `The same key is used already, at ${first}.` });
}

const keySchema = mapping(
  {
    keyType: oneOf(['PRODUCTION', 'SANDBOX']),
    sha256: text({
      expected: 'the SHA-256 digest of the key, 64 hexadecimal digits',
      charactersMax: 64,
      pattern: /^[0-9A-Fa-f]{64}$/,
    }),
  },
  ['name', 'description'],
);

const plainKeyFields = ['key', 'apiKey', 'apikey', 'api_key', 'value'];

function reportsPlainKey(source: SourceFile, at: Path): boolean {
  const written = valueAt(source.value, at);
  const field = isRecord(written) ? plainKeyFields.find((name) => Object.hasOwn(written, name)) : undefined;
  if (field === undefined) return false;
  source.error({
    code: 'plain-key',
    path: [...at, field],
    part: 'key',
    message: `${field}: keys are not stored in clear, only their SHA-256 digests.`,
    hint: 'Write sha256: and what this prints: printf %s "$KEY" | sha256sum',
    valueHidden: true,
  });
  return true;
}
