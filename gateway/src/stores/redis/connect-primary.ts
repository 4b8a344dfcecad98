import type { Redis } from 'ioredis';
import type { Clock } from '../../limits/clock.ts';
import { ask } from './ask.ts';
import type { ClusterAddress } from './cluster-primaries.ts';
import { connectRedis, type RedisAddress, untilConnected } from './connect.ts';
import { connectSentinel } from './connect-sentinel.ts';
import type { SentinelAddress } from './sentinel-watch.ts';
import { SlotOwners } from './slot-owners.ts';

type AnyRedis =
  | (RedisAddress & { readonly topology: 'standalone' })
  | (SentinelAddress & { readonly topology: 'sentinel' })
  | (ClusterAddress & { readonly topology: 'cluster' });

/** Whoever has a key at the moment, on connections beside those for claims. */
export interface Primary {
  /** All keys of a question are in one slot with the one named. Rejects with `StoreError`. */
  ask<T>(key: string, question: (redis: Redis) => Promise<T>): Promise<T>;
  close(): void;
}

/** Longer than a claim may take: an answer may be megabytes. */
const silenceMsMax = 2000;

export function connectPrimary(redis: AnyRedis, clock: Clock): Primary {
  const settings = { ...redis, silenceMsMax };
  switch (settings.topology) {
    case 'standalone':
      return onePrimary(connectRedis(settings));
    case 'sentinel': {
      const { main, close } = connectSentinel(settings, clock);
      return onePrimary(main, close);
    }
    case 'cluster':
      return new SlotOwners(settings, clock);
    default:
      return settings satisfies never;
  }
}

function onePrimary(redis: Redis, alsoClose?: () => void): Primary {
  let lastError = '';
  redis.on('error', (error: Error) => {
    lastError = error.message;
  });
  return {
    ask: async (_key, question) => {
      await untilConnected(redis);
      return ask(redis, question(redis), () => lastError);
    },
    close: () => {
      redis.disconnect();
      alsoClose?.();
    },
  };
}
