import type { BackendSender } from '../backends/backend-call.ts';
import type { Backends } from '../backends/backends.ts';
import type { Config, ListenerSettings, ResponseSettings } from '../config/config.ts';
import { ApiKeys, type KeyHolder } from '../identity/api-key.ts';
import { RevokedTokens } from '../identity/revoked-tokens.ts';
import { TokenCallers } from '../identity/token-caller.ts';
import type { TokenShelf } from '../identity/token-shelf.ts';
import type { TokenVerifier, VerifiedToken } from '../identity/token-verifier.ts';
import { TrustedProxies } from '../identity/client-address.ts';
import type { Api, Application, Backend, Subscription } from '../policy/catalogue.ts';
import { DenyRules } from '../policy/deny.ts';
import { Conditions } from '../policy/conditions.ts';
import { checkedPattern } from '../config/pattern.ts';
import type { AdvancedPolicy, ApplicationTier, SubscriptionTier } from '../policy/tiers.ts';
import { GraphqlService } from './graphql-service.ts';
import { Parties, type PartyTerms } from './parties.ts';
import { routeTable, type RouteTable } from './route.ts';

/**
 * A configuration as requests use it. A request takes one at its start and keeps it to its end, so a new configuration is
 * one swap of a reference.
 */
export interface Serving {
  readonly routes: RouteTable;
  readonly apiKeys: ApiKeys;
  readonly tokens: TokenVerifier;
  readonly revokedTokens: RevokedTokens;
  readonly tokenCallers: TokenCallers;
  /** Backends see the tokens of their callers. */
  readonly forwardsTokens: boolean;
  readonly subscriptions: ReadonlyMap<Application, ReadonlyMap<Api, Subscription>>;
  /** Those of files, by id. */
  readonly applications: ReadonlyMap<string, Application>;
  /** By name. */
  readonly tiers: {
    readonly subscription: ReadonlyMap<string, SubscriptionTier>;
    readonly application: ReadonlyMap<string, ApplicationTier>;
  };
  readonly destinations: ReadonlyMap<Backend, Destination>;
  readonly trustedProxies: TrustedProxies;
  readonly deny: DenyRules;
  readonly graphql: ReadonlyMap<Api, GraphqlService>;
  readonly underscoreNames: ListenerSettings['underscoreNames'];
  readonly responses: ResponseSettings;
  /** Who was met: holders of keys, those who showed tokens, and anonymous callers by what stands for them in counter keys. */
  readonly subscribers: Parties<KeyHolder | VerifiedToken>;
  readonly strangers: Parties<string>;
}

/** Where requests to one backend go. */
export interface Destination {
  /** The connections to its one target, or to all of them. */
  readonly pool: BackendSender;
  /** What stands before the path below the API's base path: empty, or it starts with a slash and ends without. */
  readonly pathPrefix: string;
}

/** The part of a configuration that requests meet. */
export type ServedConfig = Pick<
  Config,
  'apis' | 'applications' | 'customRules' | 'denyPolicies' | 'responses' | 'tiers' | 'tokens'
> & {
  readonly listener: Pick<ListenerSettings, 'trustedProxies' | 'underscoreNames'>;
};

/** Compiles a configuration once; backends' connections, and what is known of tokens, are shared with other configurations. */
export function compileServing(config: ServedConfig, backends: Backends, tokenShelf: TokenShelf): Serving {
  const deny = new DenyRules(config.denyPolicies);
  const { customRules: rules } = config;
  const terms: PartyTerms = { conditions: conditionsOf(config.apis), rules, deny };
  return {
    routes: routeTable(config.apis),
    apiKeys: new ApiKeys(config.applications),
    tokens: tokenShelf.verifier(config.tokens.issuers),
    revokedTokens: new RevokedTokens(config.tokens.revoked, tokenShelf.nowMs()),
    tokenCallers: new TokenCallers(config),
    forwardsTokens: config.tokens.forwarded,
    subscriptions: new Map(
      config.applications.map((application) => [
        application,
        new Map(application.subscriptions.map((subscription) => [subscription.api, subscription])),
      ]),
    ),
    applications: new Map(config.applications.map((application) => [application.id, application])),
    tiers: {
      subscription: new Map(config.tiers.subscription.map((tier) => [tier.name, tier])),
      application: new Map(config.tiers.application.map((tier) => [tier.name, tier])),
    },
    destinations: new Map(
      backendsOf(config.apis).map((backend) => [backend, destination(backend, backends)]),
    ),
    deny,
    trustedProxies: new TrustedProxies(config.listener.trustedProxies),
    graphql: new Map(
      config.apis.flatMap((api) => (api.graphql ? [[api, new GraphqlService(api, api.graphql)]] : [])),
    ),
    underscoreNames: config.listener.underscoreNames,
    responses: config.responses,
    subscribers: new Parties(terms),
    strangers: new Parties(terms),
  };
}

/** The conditions of all policies that APIs use, compiled. */
function conditionsOf(apis: readonly Api[]): PartyTerms['conditions'] {
  const compiled = new Map<AdvancedPolicy, Conditions>();
  const policies = apis.flatMap(({ policy, operations }) => [
    policy,
    ...operations.map((each) => each.policy),
  ]);
  for (const policy of policies) {
    if (policy === undefined || compiled.has(policy) || !policy.groups?.length) continue;
    const groups = policy.groups.map(({ conditions }) => conditions);
    compiled.set(policy, new Conditions(groups, checkedPattern));
  }
  return compiled;
}

/** Each backend once; products reach those of APIs that aren't served themselves, too. */
function backendsOf(apis: readonly Api[]): readonly Backend[] {
  const reachable = new Set(
    apis.flatMap((api) => [api, ...api.operations.flatMap((operation) => operation.of ?? [])]),
  );
  return [...reachable].flatMap(({ backends: { PRODUCTION, SANDBOX } }) =>
    [PRODUCTION, SANDBOX].filter((backend) => backend !== undefined),
  );
}

function destination({ targets, choice }: Backend, backends: Backends): Destination {
  if (choice === 'single') {
    const [{ url, headMsMax }] = targets;
    const { origin, pathname } = new URL(url);
    return { pool: backends.pool(origin, headMsMax), pathPrefix: prefixOf(pathname) };
  }
  const group = backends.group(
    targets.map(({ url, headMsMax }) => {
      const { origin, pathname } = new URL(url);
      return { origin, pathPrefix: prefixOf(pathname), headMsMax };
    }),
    choice,
  );
  return { pool: group, pathPrefix: group.pathPrefix };
}

function prefixOf(pathname: string): string {
  return pathname.replace(/\/+$/, '');
}
