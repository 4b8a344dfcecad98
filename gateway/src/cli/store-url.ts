import type { StoreSettings } from '../config/config.ts';

const redisPort = 6379;
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
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'redis:' && url.protocol !== 'rediss:') || url.hostname === '') {
    return `found ${JSON.stringify(withoutPassword(text))}, expected local, unix:/path or redis://host:port/database`;
  }
  const database = url.pathname === '' || url.pathname === '/' ? 0 : Number(url.pathname.slice(1));
  if (!Number.isInteger(database) || database < 0)
    return `found the database "${url.pathname}", expected a number`;
  return {
    kind: 'redis',
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? redisPort : Number(url.port),
    ...(url.username !== '' && { user: decodeURIComponent(url.username) }),
    ...(url.password !== '' && { password: decodeURIComponent(url.password) }),
    database,
    tls: url.protocol === 'rediss:',
    connectDeadlineMs,
    silenceMsMax: connectDeadlineMs,
  };
}

function withoutPassword(text: string): string {
  return text.replace(/:[^:@/]*@/, ':…@');
}
