/*
 * config/ promises: an operator's files become one Config, or every problem in them with file, line and column. Pure: it
 * is handed the files' texts and the environment, and reads nothing itself. It knows policies and limits, but nothing of
 * how a gateway runs.
 */
import type { Api, Application } from '../policy/catalogue.ts';
import type { Level, OnStoreFailure } from '../policy/levels.ts';

/** Everything one gateway needs to run, checked: whoever holds a Config needs no second look. */
export interface Config {
  readonly gateway: GatewaySettings;
  readonly store: StoreSettings;
  readonly onStoreFailure: Readonly<Record<Level, OnStoreFailure>>;
  readonly leases: LeaseSettings;
  readonly listener: ListenerSettings;
  readonly admin: AdminSettings;
  readonly responses: ResponseSettings;
  readonly apis: readonly Api[];
  readonly applications: readonly Application[];
}

interface GatewaySettings {
  /** The configured `gateway_id`, else the host's name; not yet unique per process. */
  readonly id: string;
  /** Shares during an outage assume at least this many gateways. */
  readonly countMin: number;
  /** How long a request may wait for the store. */
  readonly claimDeadlineMs: number;
}

export type StoreSettings =
  | { readonly kind: 'memory' }
  | { readonly kind: 'peer'; readonly socketPath: string }
  | RedisSettings
  | ClusterSettings;

/** Gateways keep the counters themselves. */
export interface ClusterSettings {
  readonly kind: 'cluster';
  /** Where this gateway listens for the others, and how they reach it. */
  readonly host: string;
  readonly port: number;
  /** Clusters of different domains don't mix. */
  readonly domain: string;
  /** Members known from the start, each as host:port; this gateway may be among them. */
  readonly members: readonly string[];
  /** What members prove to each other that they know; empty when all are on loopback. */
  readonly secret: string;
  /** What a side does that doesn't see a majority of the known members. */
  readonly onLostMajority: 'share' | 'whole';
}

export interface RedisSettings {
  readonly kind: 'redis';
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

/** How gateways take units from the store ahead of the requests that spend them. */
interface LeaseSettings {
  /** How far ahead they look. */
  readonly horizonMs: number;
  /** How long an answer of "nothing left" is believed. */
  readonly recheckMs: number;
}

interface ListenerSettings {
  readonly host: string;
  readonly port: number;
  /** CIDR ranges whose members may say who their client is. */
  readonly trustedProxies: readonly string[];
}

interface AdminSettings {
  readonly host: string;
  readonly port: number;
}

export interface ResponseSettings {
  readonly retryAfter: 'seconds' | 'http-date';
  readonly rateLimitFields: boolean;
}
