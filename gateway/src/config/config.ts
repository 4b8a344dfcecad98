/*
 * config/ promises: an operator's files become one Config, or every problem in them with file, line and column. Pure: it
 * is handed the files' texts and the environment, and reads nothing itself. It knows policies and limits, but nothing of
 * how a gateway runs.
 */
import type { Api, Application } from '../policy/catalogue.ts';
import type { CustomRule } from '../policy/custom-rule.ts';
import type { DenyPolicy } from '../policy/deny.ts';
import type { Level, OnStoreFailure } from '../policy/levels.ts';
import type { ApplicationTier, SubscriptionTier } from '../policy/tiers.ts';
import type { TokenSettings } from './token-settings.ts';

/** Everything one gateway needs to run, checked: whoever holds a Config needs no second look. */
export interface Config {
  readonly gateway: GatewaySettings;
  readonly store: StoreSettings;
  readonly onStoreFailure: Readonly<Record<Level, OnStoreFailure>>;
  readonly leases: LeaseSettings;
  readonly listener: ListenerSettings;
  readonly backends: BackendSettings;
  readonly admin: AdminSettings;
  readonly reload: ReloadSettings;
  readonly responses: ResponseSettings;
  readonly webSub: WebSubSettings;
  readonly tokens: TokenSettings;
  readonly apis: readonly Api[];
  readonly applications: readonly Application[];
  readonly customRules: readonly CustomRule[];
  /** Those that are switched on. */
  readonly denyPolicies: readonly DenyPolicy[];
  /** What tokens may name: the policies of files and the built-in ones. */
  readonly tiers: {
    readonly subscription: readonly SubscriptionTier[];
    readonly application: readonly ApplicationTier[];
  };
}

interface GatewaySettings {
  /** The configured `gateway_id`, else the host's name; not yet unique per process. */
  readonly id: string;
  /** Shares during an outage assume at least this many gateways. */
  readonly countMin: number;
  /** How long a request may wait for the store. */
  readonly claimDeadlineMs: number;
  /** Which environment's parameters have been applied to the APIs. */
  readonly environment?: string;
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
  /** Without it connections between members are plain. */
  readonly tls?: MemberTls;
}

/** PEM texts. */
interface MemberTls {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** Where Redis is, and how it is reached. */
export type RedisSettings = StandaloneRedis | SentinelRedis | ClusterRedis;

/** One server, whichever role it has. */
export interface StandaloneRedis extends RedisAccess, Endpoint {
  readonly topology: 'standalone';
}

/** A primary that sentinels watch over; they are asked which server it is. */
interface SentinelRedis extends RedisAccess {
  readonly topology: 'sentinel';
  readonly sentinels: readonly Endpoint[];
  readonly masterName: string;
  readonly sentinelUser?: string;
  readonly sentinelPassword?: string;
  readonly sentinelTls: false | TlsSettings;
}

/** A Redis Cluster; its nodes tell which of them has which slots. */
interface ClusterRedis extends RedisAccess {
  readonly topology: 'cluster';
  /** Whom to ask first. */
  readonly nodes: readonly Endpoint[];
}

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

interface RedisAccess {
  readonly kind: 'redis';
  readonly user?: string;
  readonly password?: string;
  readonly database: number;
  readonly tls: false | TlsSettings;
  readonly connectDeadlineMs: number;
  /** A connection that stays silent this long while it owes an answer is given up. */
  readonly silenceMsMax: number;
  /** When a claim counts: when the primary has it, or when a replica has it too. */
  readonly durability: Durability;
}

export type Durability = 'primary' | 'replica';

/** Texts are PEM; without `ca` the authorities that Node trusts are. */
export interface TlsSettings {
  readonly ca?: string;
  readonly certificate?: string;
  readonly key?: string;
  /** The name the server's certificate must bear, instead of its host's. */
  readonly serverName?: string;
}

/** How gateways take units from the store ahead of the requests that spend them. */
interface LeaseSettings {
  /** How far ahead they look. */
  readonly horizonMs: number;
  /** How long an answer of "nothing left" is believed. */
  readonly recheckMs: number;
}

export interface ListenerSettings {
  readonly host: string;
  /** Whether plain HTTP is listened for, at `port`. Without it there is `https`. */
  readonly http: boolean;
  readonly port: number;
  readonly https?: HttpsSettings;
  /** How many threads serve requests; `auto` is one for each core of the machine at start. */
  readonly threads: number | 'auto';
  /** What becomes of request fields whose name holds `_`, which some backends can't tell from `-`: `drop` doesn't pass them on. */
  readonly underscoreNames: 'drop' | 'refuse' | 'pass';
  /** CIDR ranges whose members may say who their client is. */
  readonly trustedProxies: readonly string[];
}

/** Texts are PEM. */
export interface HttpsSettings {
  readonly port: number;
  readonly certificate: string;
  readonly key: string;
  readonly passphrase?: string;
  readonly minimumVersion: 'TLSv1.2' | 'TLSv1.3';
  /** Whether clients are asked for a certificate, which `ca` must have signed then, and refused without one. */
  readonly clientCertificates: 'none' | { readonly ca: string; readonly required: boolean };
}

/** How all backends are reached. */
export interface BackendSettings {
  readonly bounds: BackendBounds;
  readonly tls: BackendTls;
}

/** For each origin. */
export interface BackendBounds {
  readonly connectionsMax: number;
  /** Requests that may wait for a connection. */
  readonly waitingMax: number;
  readonly waitMsMax: number;
  readonly connectMsMax: number;
  /** Until the head of the answer is there. */
  readonly headMsMax: number;
  /** Between two pieces of the answer's body. */
  readonly bodyIdleMsMax: number;
}

export interface BackendTls extends TlsSettings {
  /** Without it any certificate is taken, and anybody may stand in for a backend. */
  readonly verify: boolean;
  readonly passphrase?: string;
}

/** Where events may be sent that isn't a public address. */
export interface WebSubSettings {
  /** Names in lower case; `*.` in front stands for everything below a domain. */
  readonly callbackHosts: readonly string[];
  /** Addresses and CIDR ranges. */
  readonly callbackNetworks: readonly string[];
}

/** When a gateway reads its files again by itself. */
export interface ReloadSettings {
  readonly watch: boolean;
  /** How often it looks whether they have changed where the system doesn't tell. */
  readonly pollMs: number;
}

export interface AdminSettings {
  readonly host: string;
  readonly port: number;
  /** WSO2's admin REST API; off without it. */
  readonly api?: AdminApiSettings;
}

export interface AdminApiSettings {
  readonly tokens: readonly AdminToken[];
  /** Gateways on one Redis that have the same name here have the same changes; without it this one keeps them to itself. */
  readonly share?: string;
}

export interface AdminToken {
  /** For people. */
  readonly name: string;
  /** Lower case hexadecimal digits. */
  readonly sha256: string;
  readonly scopes: readonly AdminScope[];
}

/** WSO2's scopes, as far as something here takes one; `apim:admin` stands for all. */
export const adminScopes = [
  'apim:admin',
  'apim:tier_view',
  'apim:tier_manage',
  'apim:bl_view',
  'apim:bl_manage',
  'apim:policies_import_export',
] as const;

export type AdminScope = (typeof adminScopes)[number];

export interface ResponseSettings {
  readonly retryAfter: 'seconds' | 'http-date';
  readonly rateLimitFields: boolean;
  /** Whether refusals are JSON whatever the client accepts. APIs of type SOAP answer in SOAP in any case. */
  readonly errorFormat: 'json' | 'accept';
}
