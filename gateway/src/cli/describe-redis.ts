import type { Endpoint, RedisSettings } from '../config/config.ts';

/** Where the counters are, for people; without users and passwords. */
export function describeRedis(settings: RedisSettings): string {
  switch (settings.topology) {
    case 'standalone':
      return `Redis at ${settings.host}:${settings.port}`;
    case 'sentinel':
      return `the Redis that sentinels call ${settings.masterName} (${listed(settings.sentinels)})`;
    case 'cluster':
      return `a Redis Cluster (${listed(settings.nodes)})`;
    default:
      return settings satisfies never;
  }
}

function listed(servers: readonly Endpoint[]): string {
  return servers.map(({ host, port }) => `${host}:${port}`).join(', ');
}
