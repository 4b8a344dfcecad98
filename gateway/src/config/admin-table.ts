import type { AdminApiSettings, AdminSettings } from './config.ts';
import { readAdminTokens } from './admin-tokens.ts';
import { type Deployment, readTable } from './deployment-table.ts';
import { flag, mapping, text } from './expected.ts';
import type { Report } from './source-file.ts';
import { listenedPort } from './listener-table.ts';
import { hostName } from './network-names.ts';

const path = ['sluice', 'admin'] as const;

const adminTable = {
  path,
  schema: mapping({
    port: listenedPort.optional(),
    host: hostName().optional(),
    tokens_file: text({
      expected: 'the path of a file, 1 to 1000 characters',
      charactersMax: 1000,
    }).optional(),
    plain_tokens: flag().optional(),
    share: text({
      expected: 'a name of 1 to 60 letters, digits, ".", "_" and "-", or "off"',
      charactersMax: 60,
      pattern: /^[A-Za-z0-9._-]+$/,
    }).optional(),
  }),
  unknownIs: 'error',
} as const;

/** `[sluice.admin]`, with the file of tokens that it may name. */
export function readAdminTable(deployment: Deployment, offset: number, report: Report): AdminSettings {
  const fields = readTable(deployment, adminTable);
  const host = fields.host ?? '127.0.0.1';
  const listener = { host, port: fields.port ?? 9090 + offset };
  if (fields.tokens_file === undefined) return listener;
  if (!isLoopback(host) && fields.plain_tokens !== true) {
    const message = `Tokens would travel in the clear: the admin listener on ${host} speaks plain HTTP.`;
    const hint = 'Listen on 127.0.0.1, or set plain_tokens = true where something in front speaks TLS.';
    deployment.source.error({ code: 'conflict', path: [...path, 'tokens_file'], part: 'key', message, hint });
  }
  const tokens = readAdminTokens(deployment, [...path, 'tokens_file'], fields.tokens_file, report);
  const share = fields.share ?? 'default';
  const api: AdminApiSettings = { tokens, ...(share !== 'off' && { share }) };
  return { ...listener, api };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}
