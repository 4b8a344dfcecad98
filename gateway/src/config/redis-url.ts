import type { Endpoint } from './config.ts';

/** What a Redis URL says; without a database it says nothing of it. */
export interface RedisUrl extends Endpoint {
  readonly user?: string;
  readonly password?: string;
  readonly database?: number;
  readonly tls: boolean;
}

const defaultPort = 6379;
const databaseMax = 9999;

/** `redis://user:password@host:port/database`, `rediss://` with TLS. A string is what is wrong with it; it holds no secret. */
export function parseRedisUrl(text: string): RedisUrl | string {
  const url = URL.parse(text);
  if (url === null) return 'not a URL';
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:')
    return `the scheme ${JSON.stringify(url.protocol.slice(0, -1))}`;
  if (url.hostname === '') return 'no host';
  if (url.search !== '' || url.hash !== '') return 'a query or a fragment';
  const database = /^\/(\d{1,4})$/.exec(url.pathname)?.[1];
  if (database === undefined && url.pathname !== '' && url.pathname !== '/')
    return `a database that isn't a whole number from 0 to ${databaseMax}`;
  const user = decoded(url.username);
  const password = decoded(url.password);
  if (user === undefined || password === undefined) return 'a user or password with a broken %-escape';
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? defaultPort : Number(url.port),
    ...(user !== '' && { user }),
    ...(password !== '' && { password }),
    ...(database !== undefined && { database: Number(database) }),
    tls: url.protocol === 'rediss:',
  };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}
