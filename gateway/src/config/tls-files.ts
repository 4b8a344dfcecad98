import type { TlsSettings } from './config.ts';
import type { Deployment } from './deployment-table.ts';
import { quote } from './nearest-name.ts';
import { type Path, type SourceFile, valueAt } from './source-file.ts';

type TlsFiles = Pick<TlsSettings, 'ca' | 'certificate' | 'key'>;

/** The keys of a table that name files, relative to the home. */
export interface TlsFields {
  readonly ca_file?: string | undefined;
  readonly cert_file?: string | undefined;
  readonly key_file?: string | undefined;
}

const kinds = [
  {
    name: 'ca',
    key: 'ca_file',
    block: /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/,
    holds: 'a certificate',
  },
  {
    name: 'certificate',
    key: 'cert_file',
    block: /-----BEGIN (?:X509 )?CERTIFICATE-----/,
    holds: 'a certificate',
  },
  { name: 'key', key: 'key_file', block: /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/, holds: 'a private key' },
] as const;

/**
 * The texts of the PEM files that a table names. One that can't be read, or holds something else, is reported with its
 * key and path; its text is never shown. A certificate and its key come together.
 */
export function readTlsFiles({ source, namedFile }: Deployment, table: Path, fields: TlsFields): TlsFiles {
  const files: { -readonly [Name in keyof TlsFiles]: TlsFiles[Name] } = {};
  for (const { name, key, block, holds } of kinds) {
    const path = fields[key];
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
  reportHalfAPair(source, table);
  return files;
}

function reportHalfAPair(source: SourceFile, table: Path): void {
  const isSet = (key: string): boolean => valueAt(source.value, [...table, key]) !== undefined;
  const [certificate, key] = ['cert_file', 'key_file'] as const;
  if (isSet(certificate) === isSet(key)) return;
  const [present, missing] = isSet(certificate) ? [certificate, key] : [key, certificate];
  const message = `${present} needs a ${missing}: who it is is proved with both.`;
  source.error({ code: 'missing-value', path: [...table, present], part: 'key', message });
}
