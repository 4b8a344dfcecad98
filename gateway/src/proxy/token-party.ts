import { conditionClaims } from '../identity/condition-claims.ts';
import { PermittedCallers } from '../identity/permitted-callers.ts';
import { scopesOf, standsForApplication } from '../identity/token-caller.ts';
import { isForAudience } from '../identity/token-claims.ts';
import type { TokenUse } from '../identity/issuer-keys.ts';
import type { TokenFault, VerifiedToken } from '../identity/token-verifier.ts';
import { bearerChallenge, invalidToken } from './credentials.ts';
import type { RequestHead } from './exchange.ts';
import { fieldValues } from './fields.ts';
import type { Party } from './parties.ts';
import { causes, isRefusal, type Refusal } from './refusal.ts';
import { clientOf } from './request-details.ts';
import type { Routed } from './route.ts';
import type { Serving } from './serving.ts';
import { subscriber } from './subscriber.ts';

const unknownApiKey: Refusal = { cause: causes.badCredentials };
const forbiddenCaller: Refusal = { cause: causes.forbiddenCaller };
const noSubscription: Refusal = { cause: causes.noSubscription };
const wrongTokenType: Refusal = {
  cause: causes.wrongTokenType,
  challenge: `${bearerChallenge}, error="invalid_token"`,
};

/** Who sends a request with this token, or why it may not. What depends on the token alone is worked out once. */
export function tokenParty(
  token: VerifiedToken,
  {
    head,
    routed,
    serving,
  }: { readonly head: RequestHead; readonly routed: Routed; readonly serving: Serving },
): Party | Refusal {
  if (serving.revokedTokens.has(token)) return token.use === 'bearer' ? invalidToken : unknownApiKey;
  if (token.use === 'api-key' && !isPermitted(token, head, serving)) return forbiddenCaller;
  const { api, operation } = routed;
  return serving.subscribers.find(api, operation, token) ?? meet(token, routed, serving);
}

/** Why a token proves nothing. */
export function faultRefusal(fault: TokenFault, use: TokenUse): Refusal {
  return fault === 'invalid' && use === 'api-key' ? unknownApiKey : faults[fault];
}

const faults: Readonly<Record<TokenFault, Refusal>> = {
  invalid: invalidToken,
  'keys-unavailable': { cause: causes.keysUnavailable, retryAfterMs: 30_000 },
  busy: { cause: causes.verifierBusy, retryAfterMs: 1000 },
};

function isPermitted(token: VerifiedToken, head: RequestHead, serving: Serving): boolean {
  const { permittedIP, permittedReferer } = token.claims;
  if (permittedIP === undefined && permittedReferer === undefined) return true;
  const [referer] = fieldValues(head.fields, 'referer');
  return new PermittedCallers(token.claims).allow({
    address: clientOf(head, serving.trustedProxies),
    referer,
  });
}

function meet(token: VerifiedToken, routed: Routed, serving: Serving): Party | Refusal {
  const refusal = token.use === 'bearer' ? unfit(token, routed) : undefined;
  if (refusal !== undefined) return refusal;
  const caller = serving.tokenCallers.callerOf(token);
  if (caller === undefined) return noSubscription;
  const found = subscriber(caller, routed, serving);
  if (isRefusal(found)) return token.use === 'bearer' ? { ...found, challenge: bearerChallenge } : found;
  const { facts, backend } = found;
  const claims = conditionClaims(token, { ...caller, api: routed.api, tier: facts.consumer.tier });
  return serving.subscribers.meet(token, facts, backend, claims);
}

/** Why the API or operation doesn't take a token, whoever's it is. API keys have neither audience nor scopes. */
function unfit(token: VerifiedToken, { api, operation }: Routed): Refusal | undefined {
  const { audiences = [], keyManagers = [] } = api.tokens ?? {};
  const isForApi = keyManagers.length === 0 || keyManagers.includes(token.issuer.keyManager);
  if (!isForApi || !isForAudience(token.claims, audiences)) return invalidToken;
  const { tokensOf, scopes = [] } = operation;
  if (tokensOf !== undefined && (tokensOf === 'application') !== standsForApplication(token))
    return wrongTokenType;
  if (scopes.length === 0) return undefined;
  const held = scopesOf(token);
  return scopes.some((scope) => held.includes(scope)) ? undefined : insufficientScope(scopes);
}

/** RFC 6750, section 3. */
function insufficientScope(scopes: readonly string[]): Refusal {
  const plain = scopes.filter((scope) => /^[!#-[\]-~]+$/.test(scope)).join(' ');
  const challenge = `${bearerChallenge}, error="insufficient_scope"${plain === '' ? '' : `, scope="${plain}"`}`;
  return { cause: causes.insufficientScope, challenge };
}
