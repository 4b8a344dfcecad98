import type { StoreSettings } from '../config/config.ts';
import type { GatewayId } from '../limits/claim.ts';
import type { Clock } from '../limits/clock.ts';
import type { CounterStore } from '../limits/counter-store.ts';
import { MemoryStore } from './memory-store.ts';
import { PeerStore } from './peer/peer-store.ts';
import { connectRedis } from './redis/connect.ts';
import { RedisStore } from './redis/redis-store.ts';

const ledgersMax = 1_000_000;

/** Opens the store that the configuration names. Doesn't wait for a connection: claims fail until there is one. */
export function openStore(
  settings: StoreSettings,
  of: { readonly gateway: GatewayId; readonly clock: Clock },
): CounterStore {
  switch (settings.kind) {
    case 'memory':
      return new MemoryStore({ nowMs: () => of.clock.wallMs(), gateways: () => 1, ledgersMax });
    case 'peer':
      return new PeerStore({ socketPath: settings.socketPath, ...of });
    case 'redis':
      return new RedisStore({ redis: connectRedis(settings), ...of });
  }
}
