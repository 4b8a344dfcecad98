import { addressSubject, headerSubject, sharedSubject } from '../identity/anonymous.ts';
import type { KeyHolder } from '../identity/api-key.ts';
import type { TokenUse } from '../identity/issuer-keys.ts';
import type { TokenFault, VerifiedToken } from '../identity/token-verifier.ts';
import type { AnonymousAccess, Backend } from '../policy/catalogue.ts';
import { reached } from '../policy/product.ts';
import type { RequestFacts } from '../policy/request-facts.ts';
import type { HubRequest } from '../websub/hub-request.ts';
import type { BodySource } from '../wire/body-source.ts';
import { denied } from './deny.ts';
import { credentialOf } from './credentials.ts';
import type { RequestHead } from './exchange.ts';
import { fieldValues } from './fields.ts';
import type { MessageGates } from './message-gate.ts';
import type { Dues, Party } from './parties.ts';
import { causes, isRefusal, type Refusal } from './refusal.ts';
import { clientOf, LazyDetails, nothingSeen } from './request-details.ts';
import type { Routed } from './route.ts';
import type { Serving } from './serving.ts';
import { subscriber } from './subscriber.ts';
import { faultRefusal, tokenParty } from './token-party.ts';

/** A request whose sender is known, as far as its operation asks. */
export interface Identified extends Dues {
  readonly routed: Routed;
  readonly facts: RequestFacts;
  /** Absent at a hub. */
  readonly backend: Backend | undefined;
  /** What is asked of the hub. */
  readonly hub?: HubRequest | { readonly mode: 'publish' };
  /** The query as the backend may see it: without an API key. */
  readonly query: string;
  /** Its body, if it had to be read already. */
  readonly body?: BodySource;
  /** When its token ends, in ms since the Unix epoch; infinite without one. */
  readonly goodUntilMs: number;
  /** What decides about the messages of the WebSocket that it opens, if something else than event quotas does. */
  readonly gates?: MessageGates;
}

/**
 * Finds out who sends the request, whether it may use the API, and which backend it reaches. A promise only for a token that
 * is seen for the first time.
 */
export function identify(
  head: RequestHead,
  routed: Routed,
  serving: Serving,
): Identified | Refusal | Promise<Identified | Refusal> {
  const { query } = routed.target;
  if (routed.operation.open) return anonymous({ head, routed, serving, query });
  const credential = credentialOf(head.fields, query, routed.api);
  if (isRefusal(credential)) return credential;
  const from = { head, routed, serving, query: credential.query ?? query };
  if (credential.kind === 'token') return byToken(credential.text, 'bearer', from);
  const holder = serving.apiKeys.holder(credential.text);
  return holder === undefined ? byToken(credential.text, 'api-key', from) : byKey(holder, from);
}

/** Where a credential was found; and the query as the backend may see it. */
interface From {
  readonly head: RequestHead;
  readonly routed: Routed;
  readonly serving: Serving;
  readonly query: string;
}

function byKey(holder: KeyHolder, from: From): Identified | Refusal {
  const { routed, serving } = from;
  const { api, operation } = routed;
  const known = serving.subscribers.find(api, operation, holder);
  if (known !== undefined) return identified(known, from);
  const found = subscriber({ ...holder, user: holder.application.owner }, routed, serving);
  if (isRefusal(found)) return found;
  return identified(serving.subscribers.meet(holder, found.facts, found.backend), from);
}

function byToken(
  text: string,
  use: TokenUse,
  from: From,
): Identified | Refusal | Promise<Identified | Refusal> {
  const token = from.serving.tokens.verify(text, use);
  if (!(token instanceof Promise)) return byVerified(token, use, from);
  return token.then((late) => byVerified(late, use, from));
}

function byVerified(token: VerifiedToken | TokenFault, use: TokenUse, from: From): Identified | Refusal {
  if (typeof token === 'string') return faultRefusal(token, use);
  const party = tokenParty(token, from);
  return isRefusal(party) ? party : identified(party, from, token.endsAtMs);
}

function identified(party: Party, from: From, goodUntilMs = Infinity): Identified | Refusal {
  const { head, routed, serving, query } = from;
  if (party.denied) return denied;
  const { facts, backend, claims, looks } = party;
  const details = looks
    ? new LazyDetails({ head, query: routed.target.query, claims }, serving.trustedProxies)
    : nothingSeen;
  const { charges, levels, rateLimit } = party.dues(details);
  return { routed, facts, backend, charges, levels, rateLimit, query, goodUntilMs };
}

/** A caller of an open operation stays anonymous even with a key; it reaches production where there is one. */
function anonymous(from: From): Identified | Refusal {
  const { head, routed, serving } = from;
  const { api, operation } = routed;
  const written = anonymousSubject(api.anonymous.by, head, serving);
  const known = serving.strangers.find(api, operation, written);
  if (known !== undefined) return identified(known, from);
  const { backends } = reached(routed);
  const keyType = backends.PRODUCTION === undefined ? 'SANDBOX' : 'PRODUCTION';
  const backend = backends[keyType];
  if (backend === undefined) return { cause: causes.noProductionEndpoint };
  // A copy: the subject may be a part of its request's whole head, which must not stay with it.
  const subject = Buffer.from(written, 'latin1').toString('latin1');
  const consumer = { kind: 'anonymous', subject, tier: api.anonymous.tier } as const;
  const facts = { api, operation, consumer, keyType } as const;
  return identified(serving.strangers.meet(subject, facts, backend), from);
}

function anonymousSubject(by: AnonymousAccess['by'], head: RequestHead, serving: Serving): string {
  switch (by.kind) {
    case 'client-address': {
      const client = clientOf(head, serving.trustedProxies);
      // A socket that was closed already has no address; nobody will read the answer.
      return client === undefined ? sharedSubject : addressSubject(client);
    }
    case 'header':
      return headerSubject(fieldValues(head.fields, by.name.toLowerCase()));
    case 'everyone':
      return sharedSubject;
    default:
      return by satisfies never;
  }
}
