import type { Quota } from './measure.ts';
import type { AdvancedPolicy, ApplicationTier, SubscriptionTier } from './tiers.ts';

export type KeyType = 'PRODUCTION' | 'SANDBOX';

/** An API as its operator published it, every reference resolved. */
export interface Api {
  readonly name: string;
  readonly version: string;
  /** Without the version: `/orders`. */
  readonly context: string;
  /**
   * What requests start with: `/orders/1.0.0`, and `/orders` too for the default version. Canonical paths without a slash
   * at the end; an empty one for an API at the root.
   */
  readonly basePaths: readonly string[];
  /** WSO2's life cycle state BLOCKED: every request is answered 503. */
  readonly blocked: boolean;
  /** Name of the request header that carries the API key, in lower case; absent where the API takes none. */
  readonly apiKeyHeader?: string;
  /** How callers prove themselves with tokens; absent where the API takes none. */
  readonly tokens?: TokenAccess;
  /** WSO2's type WS: its requests open WebSockets. Other APIs refuse to upgrade a connection. */
  readonly webSocket: boolean;
  /** WSO2's type SSE: its answers are streams of events. */
  readonly eventStream?: true;
  /** WSO2's type SOAP: refusals are SOAP faults. */
  readonly soap?: true;
  /** WSO2's subtype AIAPI: that no endpoint can be reached has a code of its own. */
  readonly ai?: true;
  /** WSO2's type GRAPHQL: its operations are fields of its schema. */
  readonly graphql?: GraphqlApi;
  /** WSO2's type WEBSUB: the gateway is its hub, and its operations are topics. It has no backend. */
  readonly webSub?: WebSubApi;
  /** WSO2's API product: its operations are those of other APIs, under a face and subscriptions of its own. */
  readonly product?: { readonly provider: string };
  /** Limits all operations together and replaces their policies. */
  readonly policy?: AdvancedPolicy;
  readonly operations: readonly Operation[];
  /** What an application without a subscription gets; absent where a subscription is required. */
  readonly subscriptionless?: SubscriptionTier;
  readonly anonymous: AnonymousAccess;
  /** Which web pages may read its answers; absent where the gateway says nothing about it. */
  readonly cors?: Cors;
  /** None of a product: its operations have those of their own APIs. */
  readonly backends: Readonly<Partial<Record<KeyType, Backend>>>;
}

/** Cross-Origin Resource Sharing: what browsers are told of an API. */
export interface Cors {
  /** As browsers write them: `https://app.example.com`. */
  readonly origins: 'every' | readonly string[];
  /** Whether pages may send cookies along; never with every origin. */
  readonly credentials: boolean;
  /** In upper case. */
  readonly methods: readonly string[];
  /** Request fields that pages may set; `asked` allows whatever a page asks for. */
  readonly headers: 'asked' | readonly string[];
  /** Fields of answers that pages may read, beside the gateway's own. */
  readonly exposed: readonly string[];
}

/** Which bearer tokens an API takes. */
interface TokenAccess {
  /** Name of the request header that carries them, in lower case. */
  readonly header: string;
  /** One of these must be in a token's `aud`; none when nothing is asked of it. */
  readonly audiences: readonly string[];
  /** The key managers whose tokens are taken; none stands for all. */
  readonly keyManagers: readonly string[];
}

export interface GraphqlApi {
  /** In GraphQL's schema language; checked. */
  readonly schema: string;
  /** What a field costs by itself, by `Type.field`; others cost 1. */
  readonly complexity: ReadonlyMap<string, number>;
}

export interface WebSubApi {
  /** How publishers prove that an event is theirs; without it anybody may publish. */
  readonly signature?: EventSignature;
}

/** An HMAC of an event's body, in a field `algorithm=hexadecimal digits`. */
export interface EventSignature {
  readonly secret: string;
  readonly algorithm: 'sha1' | 'sha256' | 'sha384' | 'sha512';
  /** Name of the field, in lower case. */
  readonly header: string;
}

export interface Operation {
  /**
   * A path template below the API's base path: `/items/{id}`, `/*`. Of GraphQL a slash and a field's name, of WebSub a slash and a
   * topic's.
   */
  readonly target: string;
  /** In upper case; `*` stands for every method. Of GraphQL `QUERY`, `MUTATION` or `SUBSCRIPTION`, of WebSub `SUBSCRIBE`. */
  readonly verb: string;
  /** WSO2's authType None: open to callers without a key. */
  readonly open: boolean;
  /** One of these must be a token's; without any, every token will do. */
  readonly scopes?: readonly string[];
  /** Whom a token must stand for, where that matters: the application itself, or one of its users. */
  readonly tokensOf?: 'application' | 'user';
  /** Of a product: the API that the operation belongs to. */
  readonly of?: Api;
  readonly policy?: AdvancedPolicy;
}

/** How requests to open operations are counted: one counter per subject. */
export interface AnonymousAccess {
  readonly tier: SubscriptionTier;
  readonly by:
    | { readonly kind: 'client-address' }
    | { readonly kind: 'header'; readonly name: string }
    | { readonly kind: 'everyone' };
}

/** Where requests go, and how much all consumers together may ask of it. */
export interface Backend {
  /** In the operator's order. */
  readonly targets: readonly [Target, ...Target[]];
  /** Which target a request goes to: the only one, each in turn, or the first that isn't left out. */
  readonly choice: 'single' | 'round-robin' | 'failover';
  readonly limits?: readonly Quota[];
}

export interface Target {
  /**
   * An absolute http or https URL without query and fragment; its path goes in front of the operation's path. WebSockets
   * are opened there too: what the operator wrote as ws or wss stands here as http or https.
   */
  readonly url: string;
  /** How long its answer's head may take, where the API says so. */
  readonly headMsMax?: number;
}

export interface Application {
  /** Unique among applications; part of counter keys. */
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly tier: ApplicationTier;
  readonly apiKeys: readonly ApiKey[];
  readonly consumerKeys?: readonly ConsumerKey[];
  readonly subscriptions: readonly Subscription[];
}

export interface ApiKey {
  readonly keyType: KeyType;
  /** 64 lower-case hexadecimal digits: the digest of the key's bytes. The key itself is never stored. */
  readonly sha256: string;
}

/** What an application is called in tokens. */
export interface ConsumerKey {
  readonly keyType: KeyType;
  readonly consumerKey: string;
  /** WSO2's name of the key manager that issued it. */
  readonly keyManager: string;
}

export interface Subscription {
  readonly api: Api;
  readonly tier: SubscriptionTier;
  readonly state: SubscriptionState;
}

/** `active`, or why its requests are refused (wso2.md 4.5). */
export type SubscriptionState = 'active' | 'blocked' | 'production-blocked' | 'not-approved';
