import * as z from 'zod';
import type { HttpsSettings, ListenerSettings } from './config.ts';
import { type Deployment, readTable } from './deployment-table.ts';
import { flag, listOf, mapping, oneOf, wholeNumber } from './expected.ts';
import { hostName, networkRange, pemFile } from './network-names.ts';
import { type Path, valueAt } from './source-file.ts';
import { keyPassphrase, readTlsTableFiles, type TlsTableFields } from './tls-files.ts';

const path: Path = ['sluice', 'listener'];
const tlsPath: Path = [...path, 'tls'];

/** A port to listen on. */
export const listenedPort: z.ZodType<number> = wholeNumber(0, 65_535, ', 0 for any that is free');

/** Reads `[sluice.listener]` and its table about TLS; `offset` is added to the default ports. Problems are reported. */
export function readListener(deployment: Deployment, offset: number): ListenerSettings {
  const listener = readTable(deployment, { path, schema, unknownIs: 'error' });
  const https = readHttps(deployment, listener.https_port ?? 8243 + offset);
  const http = listener.http ?? true;
  const isSet = (at: Path): boolean => valueAt(deployment.source.value, at) !== undefined;
  if (!isSet(tlsPath)) {
    reportWithoutTls(deployment, { http, httpsPort: isSet([...path, 'https_port']) });
  }
  return {
    host: listener.host ?? '0.0.0.0',
    http,
    port: listener.http_port ?? 8280 + offset,
    ...(https && { https }),
    threads: listener.threads ?? 1,
    underscoreNames: listener.underscore_names ?? 'drop',
    trustedProxies: listener.trusted_proxies ?? [],
  };
}

const schema = mapping({
  host: hostName().optional(),
  http: flag().optional(),
  http_port: listenedPort.optional(),
  https_port: listenedPort.optional(),
  tls: z.unknown().optional(),
  threads: z
    .union([wholeNumber(1, 64, ', or "auto"'), z.literal('auto')], {
      error: 'a whole number from 1 to 64, or "auto"',
    })
    .optional(),
  underscore_names: oneOf(['drop', 'refuse', 'pass']).optional(),
  trusted_proxies: listOf(networkRange(), 'addresses or ranges such as "10.0.0.0/8"').optional(),
});

const tlsSchema = mapping({
  certificate: pemFile().optional(),
  key: pemFile().optional(),
  key_passphrase: keyPassphrase,
  minimum_version: oneOf(['TLSv1.2', 'TLSv1.3']).optional(),
  ca: pemFile().optional(),
  client_certificates: oneOf(['none', 'optional', 'required']).optional(),
});

/** The tables' keys, for the page that describes them. */
export const listenerKeys: readonly string[] = Object.keys(schema.shape);
export const listenerTlsKeys: readonly string[] = Object.keys(tlsSchema.shape);

type TlsTable = TlsTableFields & z.infer<typeof tlsSchema>;

function readHttps(deployment: Deployment, port: number): HttpsSettings | undefined {
  const { source } = deployment;
  if (valueAt(source.value, tlsPath) === undefined) return undefined;
  const table: TlsTable = readTable(deployment, { path: tlsPath, schema: tlsSchema, unknownIs: 'error' });
  const { ca, certificate, key, passphrase } = readTlsTableFiles(deployment, tlsPath, table);
  const isSet = (name: string): boolean => valueAt(source.value, [...tlsPath, name]) !== undefined;
  if (!isSet('certificate') && !isSet('key')) {
    const message = 'certificate is missing; expected the path of a PEM file.';
    source.error({ code: 'missing-value', path: tlsPath, part: 'key', message });
  }
  const clientCertificates = readClientCertificates(deployment, table, ca);
  if (certificate === undefined || key === undefined) return undefined;
  return {
    port,
    certificate,
    key,
    ...(passphrase !== undefined && { passphrase }),
    minimumVersion: table.minimum_version ?? 'TLSv1.2',
    clientCertificates,
  };
}

/** Certificates of clients and the authority that signs them come together: nobody else's are to be trusted. */
function readClientCertificates(
  { source }: Deployment,
  table: TlsTable,
  ca: string | undefined,
): HttpsSettings['clientCertificates'] {
  const asked = table.client_certificates ?? 'none';
  const isSet = valueAt(source.value, [...tlsPath, 'ca']) !== undefined;
  if (asked === 'none') {
    if (isSet) {
      const message = 'ca says whose client certificates are trusted, and no client is asked for one.';
      const hint = 'Set client_certificates to "optional" or "required".';
      source.error({ code: 'conflict', path: [...tlsPath, 'ca'], part: 'key', message, hint });
    }
    return 'none';
  }
  if (!isSet) {
    const message = 'client_certificates needs a ca: the authority whose certificates are trusted.';
    source.error({
      code: 'missing-value',
      path: [...tlsPath, 'client_certificates'],
      part: 'key',
      message,
    });
  }
  return ca === undefined ? 'none' : { ca, required: asked === 'required' };
}

function reportWithoutTls(
  { source }: Deployment,
  { http, httpsPort }: { readonly http: boolean; readonly httpsPort: boolean },
): void {
  const needs = 'needs a certificate in [sluice.listener.tls]';
  if (httpsPort) {
    const message = `https_port ${needs}: without one there is no HTTPS.`;
    source.error({ code: 'conflict', path: [...path, 'https_port'], part: 'key', message });
  }
  if (!http) {
    const message = `http = false ${needs}: there would be nothing to listen for.`;
    source.error({ code: 'conflict', path: [...path, 'http'], message });
  }
}
