import * as z from 'zod';
import type { BackendSettings, BackendTls } from './config.ts';
import { type Deployment, readTable } from './deployment-table.ts';
import { flag, mapping, wholeNumber } from './expected.ts';
import { certificateName, pemFile } from './network-names.ts';
import { type Path, valueAt } from './source-file.ts';
import { keyPassphrase, readTlsTableFiles } from './tls-files.ts';

const path: Path = ['sluice', 'backends'];
const tlsPath: Path = [...path, 'tls'];

/** How backends are reached unless something else is said. */
export const defaultBackendSettings: BackendSettings = {
  bounds: {
    connectionsMax: 256,
    waitingMax: 1024,
    waitMsMax: 10_000,
    connectMsMax: 5000,
    headMsMax: 60_000,
    bodyIdleMsMax: 60_000,
  },
  tls: { verify: true },
};

/** The longest wait for an answer that may be set, here or at an endpoint. */
export const answerMsMax = 3_600_000;

/** Reads `[sluice.backends]` and its table about TLS. Problems are reported. */
export function readBackendSettings(deployment: Deployment): BackendSettings {
  const written = readTable(deployment, { path, schema, unknownIs: 'error' });
  const { bounds } = defaultBackendSettings;
  return {
    bounds: {
      connectionsMax: written.connections_max ?? bounds.connectionsMax,
      waitingMax: written.waiting_max ?? bounds.waitingMax,
      waitMsMax: written.wait_ms_max ?? bounds.waitMsMax,
      connectMsMax: written.connect_ms_max ?? bounds.connectMsMax,
      headMsMax: written.head_ms_max ?? bounds.headMsMax,
      bodyIdleMsMax: written.body_idle_ms_max ?? bounds.bodyIdleMsMax,
    },
    tls: readBackendTls(deployment),
  };
}

const wait = (to: number): z.ZodOptional<z.ZodType<number>> => wholeNumber(1, to, ' ms').optional();

const schema = mapping({
  connections_max: wholeNumber(1, 65_535).optional(),
  waiting_max: wholeNumber(0, 1_000_000).optional(),
  wait_ms_max: wait(600_000),
  connect_ms_max: wait(60_000),
  head_ms_max: wait(answerMsMax),
  body_idle_ms_max: wait(answerMsMax),
  tls: z.unknown().optional(),
});

const tlsSchema = mapping({
  verify: flag().optional(),
  ca: pemFile().optional(),
  server_name: certificateName().optional(),
  certificate: pemFile().optional(),
  key: pemFile().optional(),
  key_passphrase: keyPassphrase,
});

/** The table's keys, for the page that describes them. */
export const backendTlsKeys: readonly string[] = Object.keys(tlsSchema.shape);

function readBackendTls(deployment: Deployment): BackendTls {
  const { source } = deployment;
  const table = readTable(deployment, { path: tlsPath, schema: tlsSchema, unknownIs: 'error' });
  const files = readTlsTableFiles(deployment, tlsPath, table);
  const { verify = true, server_name: serverName } = table;
  if (!verify) reportUnverified(deployment);
  if (!verify && valueAt(source.value, [...tlsPath, 'ca']) !== undefined) {
    const message = 'ca says which certificates are good, and verify = false takes any.';
    source.error({ code: 'conflict', path: [...tlsPath, 'ca'], part: 'key', message });
  }
  return { verify, ...files, ...(serverName !== undefined && { serverName }) };
}

function reportUnverified({ source }: Deployment): void {
  source.warning({
    code: 'unverified-backends',
    path: [...tlsPath, 'verify'],
    message:
      "Backends' certificates are NOT VERIFIED: whoever is on the way can read and change every request and answer.",
    hint: 'Name the authority that signed them as ca, and leave verify at true.',
  });
}
