import type { Endpoint } from './config.ts';
import { type Deployment, readTable } from './deployment-table.ts';
import { flag, listOf, mapping, text } from './expected.ts';
import { certificateName, endpoint, pemFile } from './network-names.ts';
import { credential } from './redis-config.ts';
import type { Path } from './source-file.ts';

/** Our table about Redis: what WSO2's has no words for. */
export const ownRedisPath: Path = ['sluice', 'redis'];

/** The table's sound fields, as the operator wrote them. */
export interface OwnRedisFields {
  readonly url?: string | undefined;
  readonly sentinels?: readonly Endpoint[] | undefined;
  readonly master_name?: string | undefined;
  readonly sentinel_user?: string | undefined;
  readonly sentinel_password?: string | undefined;
  readonly sentinel_ssl?: boolean | undefined;
  readonly cluster_nodes?: readonly Endpoint[] | undefined;
  readonly ca_file?: string | undefined;
  readonly cert_file?: string | undefined;
  readonly key_file?: string | undefined;
  readonly server_name?: string | undefined;
}

/** Reads `[sluice.redis]`, whether or not Redis is chosen. Problems are reported. */
export function readOwnRedisTable(deployment: Deployment): OwnRedisFields {
  return readTable(deployment, { path: ownRedisPath, schema, unknownIs: 'error' });
}

const endpoints = listOf(endpoint(), '1 to 100 servers such as "10.0.0.1:6379"', { from: 1, to: 100 });
const schema = mapping({
  url: text({
    expected: 'redis://host:port/database, or rediss:// with TLS',
    charactersMax: 2000,
  }).optional(),
  sentinels: endpoints.optional(),
  master_name: text({
    expected: 'the name by which the sentinels know the primary, without spaces',
    charactersMax: 200,
    pattern: /^\S+$/,
  }).optional(),
  sentinel_user: credential,
  sentinel_password: credential,
  sentinel_ssl: flag().optional(),
  cluster_nodes: endpoints.optional(),
  ca_file: pemFile().optional(),
  cert_file: pemFile().optional(),
  key_file: pemFile().optional(),
  server_name: certificateName().optional(),
});

/** The table's keys, for the page that describes them. */
export const ownRedisKeys: readonly string[] = Object.keys(schema.shape);
