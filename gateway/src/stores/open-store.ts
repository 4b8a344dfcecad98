import { addressOf } from '../config/clustering.ts';
import type { ClusterSettings, RedisSettings, StoreSettings } from '../config/config.ts';
import type { GatewayId } from '../limits/claim.ts';
import type { Clock } from '../limits/clock.ts';
import type { CounterStore, StoreEvents } from '../limits/counter-store.ts';
import { MembersStore } from './members/members-store.ts';
import { listenForMembers, TcpMesh } from './members/tcp-mesh.ts';
import { MemoryStore } from './memory-store.ts';
import { PeerStore } from './peer/peer-store.ts';
import { ClaimPipeline } from './redis/claim-pipeline.ts';
import { ClusterPrimaries } from './redis/cluster-primaries.ts';
import { ClusterStore } from './redis/cluster-store.ts';
import { connectRedis, type RedisWithScripts } from './redis/connect.ts';
import { connectSentinel } from './redis/connect-sentinel.ts';
import { RedisStore } from './redis/redis-store.ts';

const ledgersMax = 1_000_000;

/**
 * A connection that owes an answer for this long is of no use, whatever the operator allows: nobody waits for the answer any
 * more, and the way to the store may be open again on another connection.
 */
const silenceMsMax = 500;

/** Connections for claims that wait for a replica: each has one batch under way at a time. */
const durableLanes = 4;

interface StoreOwner {
  readonly gateway: GatewayId;
  readonly clock: Clock;
  readonly events: StoreEvents;
  /** How long a request may wait for the store. */
  readonly claimDeadlineMs: number;
  /** Takes lines for people. */
  readonly report: (line: string) => void;
}

/**
 * Opens the store that the configuration names. Doesn't wait for a connection: claims fail until there is one. Rejects when the port
 * for other members can't be had.
 */
export async function openStore(settings: StoreSettings, of: StoreOwner): Promise<CounterStore> {
  switch (settings.kind) {
    case 'memory':
      return new MemoryStore({ nowMs: () => of.clock.wallMs(), gateways: () => 1, ledgersMax });
    case 'peer':
      return new PeerStore({ socketPath: settings.socketPath, ...of });
    case 'cluster':
      return openMembers(settings, of);
    case 'redis':
      return openRedis(boundedSilence(settings, of.claimDeadlineMs), of);
    default:
      return settings satisfies never;
  }
}

async function openMembers(
  settings: ClusterSettings,
  { gateway, clock, events, report }: StoreOwner,
): Promise<MembersStore> {
  const { host, port, members, onLostMajority } = settings;
  const self = { id: gateway, address: addressOf(host, port) };
  const server = await listenForMembers(settings);
  return new MembersStore({
    clock,
    events,
    settings: { self, members, onLostMajority },
    openMesh: (meshEvents) =>
      new TcpMesh({ ...settings, self }, { clock, events: meshEvents, report, server }),
  });
}

function openRedis(settings: RedisSettings, of: StoreOwner): CounterStore {
  const isDurable = settings.durability === 'replica';
  const replicaWaitMs = of.claimDeadlineMs;
  const pipeline = (lanes: readonly RedisWithScripts[]): ClaimPipeline | undefined =>
    isDurable ? new ClaimPipeline({ lanes, replicaWaitMs }) : undefined;
  const lanes = isDurable ? durableLanes : 0;
  switch (settings.topology) {
    case 'standalone': {
      const durable = pipeline(Array.from({ length: lanes }, () => connectRedis(settings)));
      return new RedisStore({ redis: connectRedis(settings), durable, ...of });
    }
    case 'sentinel': {
      const primary = connectSentinel(settings, of.clock, lanes);
      const { main: redis, close: alsoClose } = primary;
      return new RedisStore({ redis, durable: pipeline(primary.lanes), alsoClose, ...of });
    }
    case 'cluster': {
      const durable = isDurable ? { lanes, replicaWaitMs } : undefined;
      return new ClusterStore({ primaries: new ClusterPrimaries(settings, { ...of, durable }) });
    }
    default:
      return settings satisfies never;
  }
}

function boundedSilence(settings: RedisSettings, claimDeadlineMs: number): RedisSettings {
  const enoughMs = Math.max(silenceMsMax, 10 * claimDeadlineMs);
  return { ...settings, silenceMsMax: Math.min(settings.silenceMsMax, enoughMs) };
}
