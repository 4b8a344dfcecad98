import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { Redis, type RedisOptions } from 'ioredis';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** How any server of one Redis is reached. */
export interface RedisAccess {
  readonly user?: string;
  readonly password?: string;
  readonly database: number;
  readonly tls: false | RedisTls;
  readonly connectDeadlineMs: number;
  /** A connection that stays silent this long while it owes an answer is given up. */
  readonly silenceMsMax: number;
}

/** Texts are PEM; without `ca` the authorities that Node trusts are. */
export interface RedisTls {
  readonly ca?: string;
  readonly certificate?: string;
  readonly key?: string;
  /** The name the server's certificate must bear, instead of its host's. */
  readonly serverName?: string;
}

/** How to reach one Redis (>= 6.2) or Valkey. */
export interface RedisAddress extends RedisAccess, Endpoint {}

/** A client with our two scripts as commands; the first use of each sends its text, later ones its digest. */
export type RedisWithScripts = Redis & {
  settleClaims(keys: number, ...keysAndArguments: readonly (string | number)[]): Promise<unknown>;
  heartbeat(keys: number, roster: string, gateway: string, lifetimeMs: number): Promise<unknown>;
};

const reconnectSoonMs = 10;
const reconnectEveryMs = 100;
/** Each batch of claims that waits for a connection listens to it; 64 are under way at most. */
const listenersMax = 100;
/** A server that says it is loading its data is asked again so soon. */
const loadingRecheckMs = 100;
/** A connection that is given up may end in good order for so long. */
const farewellMsMax = 20;

/**
 * Opens a connection that never resends a command (a claim that may have counted is put right by the next one), never
 * queues one while it is down, and never hangs: what isn't answered fails within `silenceMsMax`. It is ready when the server has
 * loaded its data. `more` tells how to find the server anew for each connection.
 */
export function connectRedis(
  address: RedisAddress,
  more: Pick<RedisOptions, 'Connector'> = {},
): RedisWithScripts {
  const redis = new Redis({
    ...optionsOf(address),
    ...more,
    db: address.database,
    reconnectOnError: isDemoted,
    scripts: {
      settleClaims: { lua: scriptText('settle.lua') },
      heartbeat: { lua: scriptText('heartbeat.lua') },
    },
  });
  redis.setMaxListeners(listenersMax);
  return redis as RedisWithScripts;
}

/** Opens a connection of the same kind that knows no scripts and looks for no primary: to a sentinel, or to ask a node for the map. */
export function connectPlain(address: Omit<RedisAddress, 'database'>): Redis {
  const redis = new Redis({ ...optionsOf(address), enableReadyCheck: false, autoResubscribe: false });
  redis.setMaxListeners(listenersMax);
  return redis;
}

function optionsOf(address: Omit<RedisAddress, 'database'>) {
  return {
    host: address.host,
    port: address.port,
    ...(address.user !== undefined && { username: address.user }),
    ...(address.password !== undefined && { password: address.password }),
    ...(address.tls !== false && { tls: tlsOptions(address.tls, address.host) }),
    connectTimeout: address.connectDeadlineMs,
    disconnectTimeout: farewellMsMax,
    socketTimeout: address.silenceMsMax,
    commandTimeout: address.silenceMsMax,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    maxLoadingRetryTime: loadingRecheckMs,
    retryStrategy: (attempt: number) => (attempt === 1 ? reconnectSoonMs : reconnectEveryMs),
    disableClientInfo: true,
  } satisfies RedisOptions;
}

/** A connection that is being made stands soon, or fails within its deadline. */
export function untilConnected(redis: Redis): Promise<void> {
  if (redis.status !== 'connecting' && redis.status !== 'connect') return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      redis.off('ready', done);
      redis.off('close', done);
      resolve();
    };
    redis.on('ready', done);
    redis.on('close', done);
  });
}

/** The server must prove its name: the one that is set, else the host's. An address is proved, but can't be asked for by SNI. */
export function tlsOptions(tls: RedisTls, host: string): ConnectionOptions {
  const name = tls.serverName ?? host;
  return {
    ...(isIP(name) === 0 && { servername: name }),
    ...(tls.ca !== undefined && { ca: tls.ca }),
    ...(tls.certificate !== undefined && { cert: tls.certificate }),
    ...(tls.key !== undefined && { key: tls.key }),
  };
}

/** A primary that became a replica: its address may lead to another one by now. The claim itself isn't sent again. */
function isDemoted(error: Error): boolean {
  return /\b(?:READONLY|MASTERDOWN|UNBLOCKED)\b/.test(error.message);
}

export function scriptText(name: 'settle.lua' | 'heartbeat.lua'): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8');
}
