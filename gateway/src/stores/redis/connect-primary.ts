import type { Clock } from '../../limits/clock.ts';
import { connectRedis, type RedisAccess, type RedisAddress, type RedisWithScripts } from './connect.ts';
import { connectSentinel } from './connect-sentinel.ts';
import type { SentinelAddress } from './sentinel-watch.ts';

type AnyRedis =
  | (RedisAddress & { readonly topology: 'standalone' })
  | (SentinelAddress & { readonly topology: 'sentinel' })
  | (RedisAccess & { readonly topology: 'cluster' });

/** A connection of its own to the primary, beside those for claims; undefined where there are several primaries. */
export function connectPrimary(
  settings: AnyRedis,
  clock: Clock,
): { readonly redis: RedisWithScripts; readonly close: () => void } | undefined {
  switch (settings.topology) {
    case 'standalone': {
      const redis = connectRedis(settings);
      return { redis, close: () => redis.disconnect() };
    }
    case 'sentinel': {
      const { main: redis, close } = connectSentinel(settings, clock);
      return {
        redis,
        close: () => {
          redis.disconnect();
          close();
        },
      };
    }
    case 'cluster':
      return undefined;
    default:
      return settings satisfies never;
  }
}
