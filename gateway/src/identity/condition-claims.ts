import type { Api, Application, KeyType } from '../policy/catalogue.ts';
import type { Claims } from './token-claims.ts';
import type { VerifiedToken } from './token-verifier.ts';

/** WSO2's names for what a gateway itself knows of a caller. */
const dialect = 'http://wso2.org/claims/';

/** What is known of the caller beside its token. */
export interface Known {
  readonly application: Application;
  readonly keyType: KeyType;
  readonly user: string;
  readonly api: Api;
  /** The subscription's. */
  readonly tier: { readonly name: string };
}

/**
 * The claims that conditions look at (wso2.md 1.5): those of the token by their own names, by the local names that its
 * issuer's `claim_mapping` gives, and what the gateway knows itself by WSO2's names, which no token can overrule.
 */
export function conditionClaims({ claims, issuer }: VerifiedToken, known: Known): Claims {
  const { application, api, keyType, user, tier } = known;
  const mapped = Object.entries(issuer.claimNames)
    .filter(([remote]) => Object.hasOwn(claims, remote))
    .map(([remote, local]) => [local, claims[remote]] as const);
  const own = {
    subscriber: application.owner,
    applicationid: application.id,
    applicationname: application.name,
    applicationtier: application.tier.name,
    apiname: api.name,
    apicontext: `${api.context}/${api.version}`,
    version: api.version,
    tier: tier.name,
    keytype: keyType,
    enduser: user,
  };
  const inDialect = Object.entries(own).map(([name, value]) => [`${dialect}${name}`, value] as const);
  return { ...claims, ...Object.fromEntries([...mapped, ...inDialect]) };
}
