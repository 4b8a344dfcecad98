import type { StoreSettings } from '../config/config.ts';
import type { GatewayId } from '../limits/claim.ts';
import type { Clock } from '../limits/clock.ts';
import type { CounterStore, StoreEvents } from '../limits/counter-store.ts';
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

/** Opens the store that the configuration names. Doesn't wait for a connection: claims fail until there is one. */
export function openStore(
  settings: StoreSettings,
  of: {
    readonly gateway: GatewayId;
    readonly clock: Clock;
    readonly events: StoreEvents;
    /** How long a request may wait for the store. */
    readonly claimDeadlineMs: number;
  },
): CounterStore {
  switch (settings.kind) {
    case 'memory':
      return new MemoryStore({ nowMs: () => of.clock.wallMs(), gateways: () => 1, ledgersMax });
    case 'peer':
      return new PeerStore({ socketPath: settings.socketPath, ...of });
    case 'redis':
      return new RedisStore({ redis: connectRedis(boundedSilence(settings, of.claimDeadlineMs)), ...of });
  }
}

function boundedSilence(address: RedisAddress, claimDeadlineMs: number): RedisAddress {
  const enoughMs = Math.max(silenceMsMax, 10 * claimDeadlineMs);
  return { ...address, silenceMsMax: Math.min(address.silenceMsMax, enoughMs) };
}
