import { addressOf } from '../config/clustering.ts';
import type { ClusterSettings, StoreSettings } from '../config/config.ts';
import type { GatewayId } from '../limits/claim.ts';
import type { Clock } from '../limits/clock.ts';
import type { CounterStore, StoreEvents } from '../limits/counter-store.ts';
import { MembersStore } from './members/members-store.ts';
import { listenForMembers, TcpMesh } from './members/tcp-mesh.ts';
import { MemoryStore } from './memory-store.ts';
import { PeerStore } from './peer/peer-store.ts';
import { connectRedis, type RedisAddress } from './redis/connect.ts';
import { RedisStore } from './redis/redis-store.ts';

const ledgersMax = 1_000_000;

/**
 * A connection that owes an answer for this long is of no use, whatever the operator allows: nobody waits for the answer any
 * more, and the way to the store may be open again on another connection.
 */
const silenceMsMax = 500;

interface OpenTerms {
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
export async function openStore(settings: StoreSettings, of: OpenTerms): Promise<CounterStore> {
  switch (settings.kind) {
    case 'memory':
      return new MemoryStore({ nowMs: () => of.clock.wallMs(), gateways: () => 1, ledgersMax });
    case 'peer':
      return new PeerStore({ socketPath: settings.socketPath, ...of });
    case 'cluster':
      return openMembers(settings, of);
    case 'redis':
      return new RedisStore({ redis: connectRedis(boundedSilence(settings, of.claimDeadlineMs)), ...of });
  }
}

async function openMembers(
  settings: ClusterSettings,
  { gateway, clock, events, report }: OpenTerms,
): Promise<MembersStore> {
  const { host, port, domain, secret, members, onLostMajority } = settings;
  const self = { id: gateway, address: addressOf(host, port) };
  const server = await listenForMembers({ host, port });
  return new MembersStore({
    clock,
    events,
    settings: { self, members, onLostMajority },
    openMesh: (meshEvents) =>
      new TcpMesh({ self, host, port, domain, secret }, { clock, events: meshEvents, report, server }),
  });
}

function boundedSilence(address: RedisAddress, claimDeadlineMs: number): RedisAddress {
  const enoughMs = Math.max(silenceMsMax, 10 * claimDeadlineMs);
  return { ...address, silenceMsMax: Math.min(address.silenceMsMax, enoughMs) };
}
