import * as z from 'zod';
import type { OnStoreFailure } from '../policy/levels.ts';
import type { Durability, StoreSettings } from './config.ts';
import { type Deployment, readTable } from './deployment-table.ts';
import { clusterSettings, readClusteringTable } from './clustering.ts';
import { mapping, oneOf, text } from './expected.ts';
import { throttleKeys } from './no-effect.ts';
import { type RedisFields, redisPath } from './redis-config.ts';
import { redisSettings } from './redis-settings.ts';
import { readOwnRedisTable, ownRedisPath } from './redis-table.ts';
import { type Path, type SourceFile, valueAt } from './source-file.ts';

/** Reads `[sluice.store]`, except for its table `on_failure_of`. */
export function readStoreTable(deployment: Deployment): StoreFields {
  return readTable(deployment, storeTable);
}

/**
 * Where counters are kept: Redis, the clustered gateways themselves, a `sluice counters` process on this machine, or this
 * gateway's own memory. A choice that can't be followed is reported; so is memory when there seem to be several gateways, as
 * each would count alone.
 */
export function chooseStore(
  deployment: Deployment,
  redis: RedisFields,
  { socket, durability }: StoreFields,
): StoreSettings {
  const { source } = deployment;
  const ownRedis = readOwnRedisTable(deployment);
  const counterType = readTable(deployment, throttleTable)[counterTypeKey];
  const clustering = readClusteringTable(deployment);
  const clustered = clustering.enable ?? false;
  if (counterType === 'redis') {
    if (socket !== undefined) reportTwoStores(source, 'in Redis');
    return redisSettings(deployment, { redis, ownRedis, durability, namedAt: counterTypePath(source) });
  }
  if (durability === 'replica') reportDurability(source);
  const byMembers = counterType === 'cluster' || (counterType !== 'local' && clustered);
  if (byMembers && socket !== undefined) reportTwoStores(source, 'by the clustered gateways');
  if (byMembers && clustered) return clusterSettings(deployment, clustering);
  if (byMembers) reportNotClustered(source);
  else if (socket === undefined && !isMistyped(source, counterType)) {
    warnAboutSeveralGateways(source, redis, clustered);
  }
  return socket === undefined ? { kind: 'memory' } : { kind: 'peer', socketPath: socket };
}

const counterTypeKey = 'throttling.distributed.counter.type';

const throttleTable = {
  path: ['throttle_properties'],
  schema: mapping({ [counterTypeKey]: oneOf(['redis', 'local', 'hazelcast', 'cluster']).optional() }),
  noEffect: throttleKeys,
  unknownIs: 'warning',
  dotted: true,
} as const;

/** The sound fields of `[sluice.store]`. */
export interface StoreFields {
  readonly socket?: string | undefined;
  readonly on_failure?: OnStoreFailure | undefined;
  readonly durability?: Durability | undefined;
}

const storeTable = {
  path: ['sluice', 'store'],
  schema: mapping({
    socket: text({ expected: 'the path of a socket, at most 100 characters', charactersMax: 100 }).optional(),
    on_failure: oneOf(['local', 'deny', 'allow']).optional(),
    on_failure_of: z.unknown().optional(),
    durability: oneOf(['primary', 'replica']).optional(),
  }),
  unknownIs: 'error',
} as const;

/** Then Redis may well be meant, and nothing can be said about who counts. */
function isMistyped(source: SourceFile, counterType: string | undefined): boolean {
  return counterType === undefined && valueAt(source.value, counterTypePath(source)) !== undefined;
}

function reportTwoStores(source: SourceFile, other: string): void {
  const message = `Counters are kept ${other} or behind a socket, not both.`;
  const hint = `Remove the socket, or set '${counterTypeKey}' = "local".`;
  source.error({ code: 'conflict', path: ['sluice', 'store', 'socket'], message, hint });
}

function reportDurability(source: SourceFile): void {
  const message = 'Only a Redis has replicas, and counters are not kept in one.';
  source.error({ code: 'conflict', path: [...storeTable.path, 'durability'], message });
}

function reportNotClustered(source: SourceFile): void {
  const message = 'Counters are to be kept by the clustered gateways, but [clustering] is not enabled.';
  const hint = 'Set enable = true in [clustering], with local_member_host and members.';
  source.error({ code: 'conflict', path: counterTypePath(source), message, hint });
}

/** Nothing says how many gateways there are, but some settings make sense only with several. */
function warnAboutSeveralGateways(source: SourceFile, redis: RedisFields, clustered: boolean): void {
  const signs: readonly (readonly [boolean, Path])[] = [
    [(redis.min_gateway_count ?? 1) > 1, [...redisPath, 'min_gateway_count']],
    [redis.gateway_id !== undefined, [...redisPath, 'gateway_id']],
    [valueAt(source.value, redisPath) !== undefined, redisPath],
    [valueAt(source.value, ownRedisPath) !== undefined, ownRedisPath],
    [clustered, ['clustering']],
  ];
  const sign = signs.find(([present]) => present);
  if (sign === undefined) return;
  const message = 'Each gateway counts on its own: N gateways admit N times every limit.';
  const hint = `Set '${counterTypeKey}' = "redis" or "cluster" in [throttle_properties] to count for all gateways together.`;
  source.warning({ code: 'counts-per-gateway', path: sign[1], part: 'key', message, hint });
}

function counterTypePath(source: SourceFile): Path {
  const quoted = ['throttle_properties', counterTypeKey];
  const nested = ['throttle_properties', ...counterTypeKey.split('.')];
  return valueAt(source.value, quoted) === undefined ? nested : quoted;
}
