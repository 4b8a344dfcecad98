import type { StoreSettings } from '../config/config.ts';
import { parseRedisUrl } from '../config/redis-url.ts';

const connectDeadlineMs = 1000;

/**
 * Where the counters are, as given on the command line: `local`, `unix:/path/to/socket` (a `sluice counters` process), or
 * `redis://user:password@host:port/database`, `rediss://` with TLS. A string is what is wrong with it.
 */
export function parseStoreUrl(text: string): StoreSettings | string {
  if (text === 'local') return { kind: 'memory' };
  if (text.startsWith('unix:') && text.length > 'unix:'.length) {
    return { kind: 'peer', socketPath: text.slice('unix:'.length) };
  }
  const url = parseRedisUrl(text);
  if (typeof url === 'string') {
    return `found ${JSON.stringify(withoutUser(text))}, expected local, unix:/path or redis://host:port/database`;
  }
  return {
    kind: 'redis',
    topology: 'standalone',
    ...url,
    database: url.database ?? 0,
    tls: url.tls && {},
    connectDeadlineMs,
    silenceMsMax: connectDeadlineMs,
    durability: 'primary',
  };
}

/** Nobody knows where the password of a broken URL ends. */
function withoutUser(text: string): string {
  return text.replace(/\/\/.*@/, '//***@');
}
