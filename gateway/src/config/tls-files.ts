import type * as z from 'zod';
import type { TlsSettings } from './config.ts';
import type { Deployment } from './deployment-table.ts';
import { text } from './expected.ts';
import type { TlsTexts } from './home.ts';
import { quote } from './nearest-name.ts';
import { type Path, type SourceFile, valueAt } from './source-file.ts';

type TlsFiles = Pick<TlsSettings, 'ca' | 'certificate' | 'key'>;

/** The keys of a table that name files, relative to the home. */
export interface TlsFields {
  readonly ca_file?: string | undefined;
  readonly cert_file?: string | undefined;
  readonly key_file?: string | undefined;
}

/** The same in tables that are about nothing but TLS. */
export interface TlsTableFields {
  readonly ca?: string | undefined;
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  readonly key_passphrase?: string | undefined;
}

/** The passphrase of an encrypted private key. */
export const keyPassphrase: z.ZodOptional<z.ZodType<string>> = text({
  expected: "the private key's passphrase, 1 to 1000 characters",
  charactersMax: 1000,
}).optional();

type Names = Readonly<Record<keyof TlsFiles, string>>;

const kinds = [
  {
    name: 'ca',
    block: /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/,
    holds: 'a certificate',
  },
  {
    name: 'certificate',
    block: /-----BEGIN (?:X509 )?CERTIFICATE-----/,
    holds: 'a certificate',
  },
  { name: 'key', block: /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/, holds: 'a private key' },
] as const;

/**
 * The texts of the PEM files that a table names. One that can't be read, or holds something else, is reported with its
 * key and path; its text is never shown. A certificate and its key come together.
 */
export function readTlsFiles(deployment: Deployment, table: Path, fields: TlsFields): TlsFiles {
  const names: Names = { ca: 'ca_file', certificate: 'cert_file', key: 'key_file' };
  const { ca_file: ca, cert_file: certificate, key_file: key } = fields;
  const files = readPemFiles(deployment, { table, names, paths: { ca, certificate, key } });
  reportUnusable(deployment, table, files);
  return files;
}

/** The same for a table about TLS alone, whose key may be encrypted. */
export function readTlsTableFiles(
  deployment: Deployment,
  table: Path,
  fields: TlsTableFields,
): TlsFiles & { readonly passphrase?: string } {
  const names: Names = { ca: 'ca', certificate: 'certificate', key: 'key' };
  const files = readPemFiles(deployment, { table, names, paths: fields });
  const { key_passphrase: passphrase } = fields;
  reportPassphrase(deployment.source, table, files.key);
  const all = { ...files, ...(passphrase !== undefined && { passphrase }) };
  reportUnusable(deployment, table, all);
  return all;
}

function readPemFiles(
  { source, namedFile }: Deployment,
  {
    table,
    names,
    paths,
  }: {
    readonly table: Path;
    readonly names: Names;
    readonly paths: Readonly<Partial<Record<keyof TlsFiles, string | undefined>>>;
  },
): TlsFiles {
  const files: { -readonly [Name in keyof TlsFiles]: TlsFiles[Name] } = {};
  for (const { name, block, holds } of kinds) {
    const [key, path] = [names[name], paths[name]];
    if (path === undefined) continue;
    const at = { path: [...table, key] };
    const file = namedFile?.(path) ?? { problem: 'no file can be read here' };
    if ('problem' in file) {
      const message = `${key}: the file ${quote(path)} can't be read: ${file.problem}.`;
      source.error({ ...at, code: 'unreadable-file', message });
    } else if (!block.test(file.text)) {
      const message = `${key}: found no ${holds.slice(2)} in ${quote(path)}, expected ${holds} in PEM form.`;
      source.error({ ...at, code: 'invalid-value', message });
    } else {
      files[name] = file.text;
    }
  }
  reportHalfAPair(source, table, names);
  return files;
}

/** Each file may be good, and all of them together no good. What is told never holds their text. */
function reportUnusable({ source, tlsProblem }: Deployment, table: Path, texts: TlsTexts): void {
  if (Object.keys(texts).length === 0 || (texts.certificate === undefined) !== (texts.key === undefined))
    return;
  const problem = tlsProblem?.(texts);
  if (problem === undefined) return;
  const message = `TLS can't use these files together: ${problem}.`;
  const hint = 'The key must be that of the certificate, and the passphrase that of the key.';
  source.error({ code: 'invalid-value', path: table, part: 'key', message, hint });
}

function reportHalfAPair(source: SourceFile, table: Path, { certificate, key }: Names): void {
  const isSet = (name: string): boolean => valueAt(source.value, [...table, name]) !== undefined;
  if (isSet(certificate) === isSet(key)) return;
  const [present, missing] = isSet(certificate) ? [certificate, key] : [key, certificate];
  const message = `${present} needs a ${missing}: who it is is proved with both.`;
  source.error({ code: 'missing-value', path: [...table, present], part: 'key', message });
}

/** PKCS #8 says it in its first line, OpenSSL's older form in a header below it. */
const encrypted = /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m;

function reportPassphrase(source: SourceFile, table: Path, key: string | undefined): void {
  const isSet = (name: string): boolean => valueAt(source.value, [...table, name]) !== undefined;
  if (isSet('key_passphrase') && !isSet('key')) {
    const path = [...table, 'key_passphrase'];
    source.error({
      code: 'conflict',
      path,
      part: 'key',
      message: 'key_passphrase needs a key, and none is set.',
    });
  } else if (!isSet('key_passphrase') && key !== undefined && encrypted.test(key)) {
    const message = 'The private key is encrypted; its key_passphrase is missing.';
    source.error({ code: 'missing-value', path: [...table, 'key'], part: 'key', message });
  }
}
