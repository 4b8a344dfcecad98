import type { Durability, RedisSettings, TlsSettings } from './config.ts';
import type { Deployment } from './deployment-table.ts';
import { type RedisFields, redisPath } from './redis-config.ts';
import { type OwnRedisFields, ownRedisPath } from './redis-table.ts';
import { parseRedisUrl, type RedisUrl } from './redis-url.ts';
import { type Path, type SourceFile, valueAt } from './source-file.ts';
import { readTlsFiles } from './tls-files.ts';

/** What the two tables about Redis say. */
export interface RedisTables {
  readonly redis: RedisFields;
  readonly ownRedis: OwnRedisFields;
  readonly durability: Durability | undefined;
  /** Where it is said that counters are kept in Redis. */
  readonly namedAt: Path;
}

/**
 * Puts `[apim.redis_config]` and `[sluice.redis]` together. Exactly one of them may say where Redis is, in one way; what
 * contradicts that, or would have no effect, is reported.
 */
export function redisSettings(deployment: Deployment, tables: RedisTables): RedisSettings {
  const { source } = deployment;
  const { redis, ownRedis } = tables;
  reportWays(source, tables.namedAt);
  const url = readUrl(deployment, ownRedis.url);
  if (url !== undefined) reportTwiceByUrl(source, { url, ssl: redis.ssl });
  const usesTls = url?.tls ?? redis.ssl ?? false;
  const sentinelsUseTls = ownRedis.sentinel_ssl ?? usesTls;
  const tls = usesTls || sentinelsUseTls ? tlsSettings(deployment, ownRedis) : noTls(source);
  const user = url?.user ?? redis.user;
  const password = url?.password ?? redis.password;
  const access = {
    kind: 'redis',
    ...(user ? { user } : {}),
    ...(password ? { password } : {}),
    database: url?.database ?? redis.database_id ?? 0,
    tls: usesTls && tls,
    connectDeadlineMs: redis.connection_timeout ?? 1000,
    silenceMsMax: redis.socket_timeout ?? 1000,
    durability: tables.durability ?? 'primary',
  } as const;
  if (isSet(source, own('sentinels'))) {
    if (!isSet(source, own('master_name'))) reportNoMasterName(source);
    return {
      ...access,
      topology: 'sentinel',
      sentinels: ownRedis.sentinels ?? [],
      masterName: ownRedis.master_name ?? '',
      ...(ownRedis.sentinel_user ? { sentinelUser: ownRedis.sentinel_user } : {}),
      ...(ownRedis.sentinel_password ? { sentinelPassword: ownRedis.sentinel_password } : {}),
      sentinelTls: sentinelsUseTls && tls,
    };
  }
  reportSentinelKeys(source);
  if (isSet(source, own('cluster_nodes'))) {
    if ((redis.database_id ?? 0) !== 0) reportDatabase(source);
    return { ...access, topology: 'cluster', database: 0, nodes: ownRedis.cluster_nodes ?? [] };
  }
  return {
    ...access,
    topology: 'standalone',
    host: url?.host ?? redis.host ?? '',
    port: url?.port ?? redis.port ?? 6379,
  };
}

type OwnKey = keyof OwnRedisFields;

function own(key: OwnKey): Path {
  return [...ownRedisPath, key];
}

function wso2(key: keyof RedisFields): Path {
  return [...redisPath, key];
}

/** Whether something stands there, sound or not. WSO2's templates write empty strings for "none". */
function isSet(source: SourceFile, path: Path): boolean {
  const value = valueAt(source.value, path);
  return value !== undefined && value !== '';
}

/** The ways to say where Redis is. */
const ways: readonly (readonly [path: Path, name: string])[] = [
  [wso2('host'), 'host in [apim.redis_config]'],
  [own('url'), 'url in [sluice.redis]'],
  [own('sentinels'), 'sentinels in [sluice.redis]'],
  [own('cluster_nodes'), 'cluster_nodes in [sluice.redis]'],
];

function reportWays(source: SourceFile, namedAt: Path): void {
  const [first, second] = ways.filter(([path]) => valueAt(source.value, path) !== undefined);
  if (first === undefined) {
    const message = 'Counters are to be kept in Redis, but [apim.redis_config] has no host.';
    const hint = 'In its place [sluice.redis] may have a url, sentinels or cluster_nodes.';
    source.error({ code: 'missing-value', path: namedAt, message, hint });
  } else if (second !== undefined) {
    const message = `Where Redis is stands there twice, as ${first[1]} and as ${second[1]}.`;
    source.error(hidden(second[0], message, 'One of the two must go.'));
  } else if (first[0] !== ways[0]?.[0] && isSet(source, wso2('port'))) {
    const message = `port belongs to host, and where Redis is stands there as ${first[1]}.`;
    source.error({ code: 'conflict', path: wso2('port'), message });
  }
}

/** A finding about two settings; the line may hold a password inside a URL. */
function hidden(
  path: Path,
  message: string,
  hint?: string,
): {
  code: 'conflict';
  path: Path;
  part: 'key';
  message: string;
  hint: string | undefined;
  valueHidden: true;
} {
  return { code: 'conflict', path, part: 'key', message, hint, valueHidden: true };
}

function readUrl({ source }: Deployment, text: string | undefined): RedisUrl | undefined {
  if (text === undefined) return undefined;
  const url = parseRedisUrl(text);
  if (typeof url !== 'string') return url;
  const message = `url: found ${url}, expected redis://user:password@host:port/database, or rediss:// with TLS.`;
  source.error({ ...hidden(own('url'), message), code: 'invalid-value' });
  return undefined;
}

/** What a URL says may not stand in the other table as well. */
function reportTwiceByUrl(
  source: SourceFile,
  { url, ssl }: { readonly url: RedisUrl; readonly ssl: boolean | undefined },
): void {
  for (const [key, inUrl] of [
    ['user', url.user],
    ['password', url.password],
    ['database_id', url.database],
  ] as const) {
    if (inUrl === undefined || !isSet(source, wso2(key))) continue;
    const message = `${key} stands there twice, also in the url of [sluice.redis].`;
    source.error({ code: 'conflict', path: wso2(key), part: 'key', message });
  }
  if (ssl === undefined || ssl === url.tls) return;
  const message = `The url of [sluice.redis] says ${url.tls ? 'rediss:// (TLS)' : 'redis:// (no TLS)'}, ssl the opposite.`;
  source.error({ code: 'conflict', path: wso2('ssl'), message });
}

function tlsSettings(deployment: Deployment, ownRedis: OwnRedisFields): TlsSettings {
  const { server_name: serverName } = ownRedis;
  return {
    ...readTlsFiles(deployment, ownRedisPath, ownRedis),
    ...(serverName !== undefined && { serverName }),
  };
}

/** Nothing may be said about TLS then. */
function noTls(source: SourceFile): false {
  const keys: readonly OwnKey[] = ['ca_file', 'cert_file', 'key_file', 'server_name'];
  for (const key of keys) {
    if (!isSet(source, own(key))) continue;
    const message = `${key} needs TLS: ssl = true in [apim.redis_config], or a rediss:// url.`;
    source.error({ code: 'conflict', path: own(key), part: 'key', message });
  }
  return false;
}

function reportNoMasterName(source: SourceFile): void {
  const message = 'Sentinels need a master_name: the name by which they know the primary.';
  source.error({ code: 'missing-value', path: own('sentinels'), part: 'key', message });
}

function reportSentinelKeys(source: SourceFile): void {
  const keys: readonly OwnKey[] = ['master_name', 'sentinel_user', 'sentinel_password', 'sentinel_ssl'];
  for (const key of keys) {
    if (!isSet(source, own(key))) continue;
    const message = `${key} is about sentinels, and no sentinels are set.`;
    source.error({ code: 'conflict', path: own(key), part: 'key', message });
  }
}

function reportDatabase(source: SourceFile): void {
  const message = 'A Redis Cluster has one database, 0.';
  source.error({ code: 'conflict', path: wso2('database_id'), message });
}
