import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';

/** How to reach one Redis (>= 6.2) or Valkey. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly user?: string;
  readonly password?: string;
  readonly database: number;
  readonly tls: boolean;
  readonly connectDeadlineMs: number;
  /** A connection that stays silent this long while it owes an answer is given up. */
  readonly silenceMsMax: number;
}

/** A client with our two scripts as commands; the first use of each sends its text, later ones its digest. */
export type RedisWithScripts = Redis & {
  settleClaims(keys: number, ...keysAndArguments: readonly (string | number)[]): Promise<unknown>;
  heartbeat(keys: number, roster: string, gateway: string, lifetimeMs: number): Promise<unknown>;
};

const reconnectEveryMs = 100;

/**
 * Opens a connection that never resends a command (a claim that may have counted is put right by the next one), never
 * queues one while it is down, and never hangs: what isn't answered fails within `silenceMsMax`.
 */
export function connectRedis(address: RedisAddress): RedisWithScripts {
  const redis = new Redis({
    host: address.host,
    port: address.port,
    ...(address.user !== undefined && { username: address.user }),
    ...(address.password !== undefined && { password: address.password }),
    ...(address.tls && { tls: { servername: address.host } }),
    db: address.database,
    connectTimeout: address.connectDeadlineMs,
    socketTimeout: address.silenceMsMax,
    commandTimeout: address.silenceMsMax,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => reconnectEveryMs,
    reconnectOnError: isDemoted,
    disableClientInfo: true,
    scripts: {
      settleClaims: { lua: script('settle.lua') },
      heartbeat: { lua: script('heartbeat.lua') },
    },
  });
  return redis as RedisWithScripts;
}

/** A primary that became a replica: its address may lead to another one by now. The claim itself isn't sent again. */
function isDemoted(error: Error): boolean {
  return error.message.includes('READONLY');
}

function script(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8');
}
