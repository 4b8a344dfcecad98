import type { Api, Application, KeyType, Subscription } from '../policy/catalogue.ts';
import type { ApplicationTier, SubscriptionTier } from '../policy/tiers.ts';
import type { KeyHolder } from './api-key.ts';
import { readApplicationClaims, type ApplicationClaims } from './application-claims.ts';
import { textClaim } from './token-claims.ts';
import type { VerifiedToken } from './token-verifier.ts';

/** Who shows a token: an application, and the user on whose behalf. */
export interface TokenCaller extends KeyHolder {
  readonly user: string;
}

/** What tokens may refer to. */
export interface Named {
  readonly apis: readonly Api[];
  readonly applications: readonly Application[];
  readonly tiers: {
    readonly subscription: readonly SubscriptionTier[];
    readonly application: readonly ApplicationTier[];
  };
}

/**
 * Finds the application behind a token: the one of the files whose consumer key the token has, else what the token's own
 * claims say, where its issuer is believed so far. What two issuers call by one name stays two applications.
 */
export class TokenCallers {
  readonly #byConsumerKey = new Map<string, KeyHolder>();
  readonly #byId: ReadonlyMap<string, Application>;
  readonly #byOwnerAndName: ReadonlyMap<string, Application>;
  readonly #apis: ReadonlyMap<string, Api>;
  readonly #subscriptionTiers: ReadonlyMap<string, SubscriptionTier>;
  readonly #applicationTiers: ReadonlyMap<string, ApplicationTier>;

  constructor({ apis, applications, tiers }: Named) {
    for (const application of applications) {
      for (const { keyManager, consumerKey, keyType } of application.consumerKeys ?? []) {
        this.#byConsumerKey.set(pair(keyManager, consumerKey), { application, keyType });
      }
    }
    this.#byId = new Map(applications.map((application) => [application.id, application]));
    this.#byOwnerAndName = new Map(
      applications.map((application) => [pair(application.owner, application.name), application]),
    );
    this.#apis = new Map(apis.map((api) => [pair(api.name, api.version), api]));
    this.#subscriptionTiers = new Map(tiers.subscription.map((tier) => [tier.name, tier]));
    this.#applicationTiers = new Map(tiers.application.map((tier) => [tier.name, tier]));
  }

  /** Undefined when the token's claims about its application can't be read, or name a tier that nobody defines. */
  callerOf(token: VerifiedToken): TokenCaller | undefined {
    const holder = this.#holderOf(token);
    if (holder === undefined) return undefined;
    const { claims } = token;
    const subject = textClaim(claims, 'sub');
    const isItself = subject === undefined || standsForApplication(token);
    return { ...holder, user: isItself ? holder.application.owner : subject };
  }

  #holderOf(token: VerifiedToken): KeyHolder | undefined {
    const { issuer, claims, use } = token;
    const consumerKey = use === 'bearer' ? consumerKeyOf(token) : undefined;
    const known =
      consumerKey === undefined ? undefined : this.#byConsumerKey.get(pair(issuer.keyManager, consumerKey));
    if (known !== undefined) return known;
    const keyType = keyTypeOf(claims['keytype']);
    if (keyType === undefined) return undefined;
    if (!issuer.applicationClaims || claims['application'] === undefined) {
      return { application: bareApplication(issuer.name, consumerKey), keyType };
    }
    const read = readApplicationClaims(claims);
    if (read === undefined) return undefined;
    const application = (issuer.controlPlane ? this.#ofFiles(read) : undefined) ?? this.#claimed(read, token);
    return application && { application, keyType };
  }

  #ofFiles({ id, owner, name }: ApplicationClaims): Application | undefined {
    return this.#byId.get(id) ?? this.#byOwnerAndName.get(pair(owner, name));
  }

  #claimed(read: ApplicationClaims, { issuer }: VerifiedToken): Application | undefined {
    const { id, name, owner } = read;
    const tier = read.tier === undefined ? { name: 'Unlimited' } : this.#applicationTiers.get(read.tier);
    if (tier === undefined) return undefined;
    const subscriptions = read.subscriptions.flatMap((one): Subscription[] => {
      const api = this.#apis.get(pair(one.name, one.version));
      const plan = this.#subscriptionTiers.get(one.tier) ?? read.tiers.get(one.tier);
      return api === undefined || plan === undefined ? [] : [{ api, tier: plan, state: 'active' }];
    });
    return { id: idIn(issuer.name, `app/${id}`), name, owner, tier, apiKeys: [], subscriptions };
  }
}

/**
 * Ids of applications that only tokens know begin with their issuer in angle brackets. Names of issuers hold no such bracket
 * and ids in files don't begin with one, so no issuer can spell an application of another, or of the files.
 */
function idIn(issuer: string, id: string): string {
  return `<${issuer}>${id}`;
}

/** What can be said of an application that neither files nor claims describe: it has no subscription. */
function bareApplication(issuer: string, consumerKey: string | undefined): Application {
  const id = idIn(issuer, consumerKey === undefined ? '' : `key/${consumerKey}`);
  const name = consumerKey ?? issuer;
  return { id, name, owner: name, tier: { name: 'Unlimited' }, apiKeys: [], subscriptions: [] };
}

/** Whether the token was issued to the application itself (client credentials), in WSO2's words or by its subject. */
export function standsForApplication(token: VerifiedToken): boolean {
  const { aut, sub } = token.claims;
  if (aut === 'APPLICATION') return true;
  return aut === undefined && sub !== undefined && sub === consumerKeyOf(token);
}

/** The scopes of a token: one text with spaces between, or a list. */
export function scopesOf({ claims, issuer }: VerifiedToken): readonly unknown[] {
  const scopes = claims[issuer.scopesClaim];
  if (typeof scopes === 'string') return scopes.split(' ');
  return Array.isArray(scopes) ? scopes : [];
}

function consumerKeyOf({ claims, issuer }: VerifiedToken): string | undefined {
  for (const name of issuer.consumerKeyClaims) {
    const key = textClaim(claims, name);
    if (key !== undefined) return key;
  }
  return undefined;
}

function keyTypeOf(written: unknown): KeyType | undefined {
  if (written === undefined || written === null) return 'PRODUCTION';
  return written === 'PRODUCTION' || written === 'SANDBOX' ? written : undefined;
}

function pair(one: string, other: string): string {
  return JSON.stringify([one, other]);
}
