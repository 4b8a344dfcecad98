import { hash } from 'node:crypto';
import { compactVerify, errors } from 'jose';
import { LRUCache } from 'lru-cache';
import type { TokenIssuer } from '../config/token-settings.ts';
import type { Clock } from '../limits/clock.ts';
import { IssuerKeys, type TokenUse } from './issuer-keys.ts';
import type { JwksSource } from './jwks-source.ts';
import { endOf, hasEnded, holdsNow, readToken, type Claims, type UnprovedToken } from './token-claims.ts';
import type { TokenKey } from './token-key.ts';

/** A token whose signature was checked. One object for all requests that show it. */
export interface VerifiedToken {
  readonly issuer: TokenIssuer;
  readonly use: TokenUse;
  readonly claims: Claims;
  /** SHA-256 of the whole token, in lower-case hexadecimal. */
  readonly digest: string;
  /** In ms since the Unix epoch; infinite for API keys that don't end. */
  readonly endsAtMs: number;
}

/** Why a token proves nothing: for good, or for now. */
export type TokenFault = 'invalid' | 'keys-unavailable' | 'busy';

const keptMax = 10_000;
const keptCharactersMax = 32 * 1024 * 1024;
/** Each takes some 50 µs of a core: more of them at once would wait too long. */
const verifyingMax = 1024;

/** What was seen of tokens in one use. */
interface Seen {
  readonly kept: LRUCache<string, Kept>;
  /** Equal tokens that come at once are verified once. */
  readonly running: Map<string, Promise<VerifiedToken | TokenFault>>;
}

interface Kept {
  readonly token: VerifiedToken;
  readonly key: TokenKey;
  readonly keys: IssuerKeys;
}

/**
 * Verifies tokens of the issuers it knows, and knows those again that it has verified: until they end, their key is
 * withdrawn, or others need the room. What proves nothing is never kept.
 */
export class TokenVerifier {
  readonly #issuers: ReadonlyMap<string, { readonly issuer: TokenIssuer; readonly keys: IssuerKeys }>;
  readonly #clock: Clock;
  readonly #seen: Readonly<Record<TokenUse, Seen>> = { bearer: newlySeen(), 'api-key': newlySeen() };
  #verifying = 0;

  constructor(
    issuers: readonly TokenIssuer[],
    { clock, source }: { readonly clock: Clock; readonly source: (url: string) => JwksSource },
  ) {
    this.#clock = clock;
    this.#issuers = new Map(
      issuers.map((issuer) => {
        const { jwksUrl } = issuer;
        const keys = new IssuerKeys(issuer, jwksUrl === undefined ? undefined : source(jwksUrl));
        return [issuer.name, { issuer, keys }];
      }),
    );
  }

  /** A promise only for a token that is seen for the first time and might be good. */
  verify(token: string, use: TokenUse): VerifiedToken | TokenFault | Promise<VerifiedToken | TokenFault> {
    return this.#known(token, use) ?? this.#seen[use].running.get(token) ?? this.#begin(token, use);
  }

  #known(token: string, use: TokenUse): VerifiedToken | TokenFault | undefined {
    const { kept } = this.#seen[use];
    const known = kept.get(token);
    if (known === undefined) return undefined;
    const hasEndedNow = hasEnded(known.token.endsAtMs, this.#clock.wallMs());
    if (!hasEndedNow && known.keys.has(known.key)) return known.token;
    kept.delete(token);
    return hasEndedNow ? 'invalid' : undefined;
  }

  #begin(token: string, use: TokenUse): TokenFault | Promise<VerifiedToken | TokenFault> {
    const read = readToken(token);
    if (read === undefined) return 'invalid';
    const { iss } = read.claims;
    const known = typeof iss === 'string' ? this.#issuers.get(iss) : undefined;
    if (known === undefined) return 'invalid';
    const { issuer, keys } = known;
    const { algorithm, kid, claims } = read;
    if (!issuer.algorithms.includes(algorithm)) return 'invalid';
    if (!holdsNow(claims, issuer, { use, nowMs: this.#clock.wallMs() })) return 'invalid';
    const key = keys.find({ kid, algorithm, use });
    if (key === 'unknown') return 'invalid';
    if (key === 'unavailable') return 'keys-unavailable';
    // A copy: the token may be a part of its request's whole head, which must not stay with it.
    const copy = Buffer.from(token, 'latin1').toString('latin1');
    const { running } = this.#seen[use];
    const verifying = this.#verify(copy, { read, issuer, keys, use }, key).finally(() =>
      running.delete(copy),
    );
    running.set(copy, verifying);
    return verifying;
  }

  async #verify(
    token: string,
    from: {
      readonly read: UnprovedToken;
      readonly issuer: TokenIssuer;
      readonly keys: IssuerKeys;
      readonly use: TokenUse;
    },
    finding: ReturnType<IssuerKeys['find']>,
  ): Promise<VerifiedToken | TokenFault> {
    const { read, issuer, keys, use } = from;
    const key = await finding;
    if (key === 'unknown') return 'invalid';
    if (key === 'unavailable') return 'keys-unavailable';
    if (this.#verifying >= verifyingMax) return 'busy';
    this.#verifying += 1;
    const isProved = await isSigned(token, key, read).finally(() => {
      this.#verifying -= 1;
    });
    if (!isProved) return 'invalid';
    const digest = hash('sha256', Buffer.from(token, 'latin1'), 'hex');
    const verified = { issuer, use, claims: read.claims, digest, endsAtMs: endOf(read.claims) ?? Infinity };
    this.#seen[use].kept.set(token, { token: verified, key, keys });
    return verified;
  }
}

function newlySeen(): Seen {
  const sizeCalculation = (_: Kept, token: string): number => token.length;
  const kept = new LRUCache<string, Kept>({ max: keptMax, maxSize: keptCharactersMax, sizeCalculation });
  return { kept, running: new Map() };
}

async function isSigned(token: string, { key }: TokenKey, { algorithm }: UnprovedToken): Promise<boolean> {
  try {
    await compactVerify(token, key, { algorithms: [algorithm] });
    return true;
  } catch (error) {
    if (error instanceof errors.JOSEError) return false;
    throw error;
  }
}
