/** Whose tokens are believed, and which of them no longer are. */
export interface TokenSettings {
  readonly issuers: readonly TokenIssuer[];
  /** Whether backends see the tokens of their callers. */
  readonly forwarded: boolean;
  readonly revoked: readonly RevokedToken[];
}

/** What signs tokens, and what is believed of what they say. */
export interface TokenIssuer {
  /** What its tokens have as `iss`. */
  readonly name: string;
  /** WSO2's name of the key manager that issued the consumer keys in its tokens. */
  readonly keyManager: string;
  /** An http or https URL of its keys; they are fetched, and fetched again. */
  readonly jwksUrl?: string;
  /** The text of a file of such keys. */
  readonly jwks?: string;
  /** PEM: certificates or public keys, which verify API keys, and tokens where there are no other keys. */
  readonly certificates?: string;
  readonly algorithms: readonly TokenAlgorithm[];
  /** One of these must be in `aud`; none when nothing is asked of it. */
  readonly audiences: readonly string[];
  /** The first of these that a token has is its consumer key. */
  readonly consumerKeyClaims: readonly string[];
  readonly scopesClaim: string;
  /** What claims are called by conditions: local names by remote ones. */
  readonly claimNames: Readonly<Record<string, string>>;
  /** What the claims say of applications, tiers and subscriptions is believed. */
  readonly applicationClaims: boolean;
  /** It signs for the control plane that the files come from: its applications are those of the files. */
  readonly controlPlane: boolean;
}

/** Each proves with a private key what a public one verifies; what needs a shared secret is not here. */
export const tokenAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;

export type TokenAlgorithm = (typeof tokenAlgorithms)[number];

/** A token that its issuer took back, by the SHA-256 digest of the whole token or by its `jti`. */
export interface RevokedToken {
  readonly by: 'sha256' | 'jti';
  /** A digest is in lower case. */
  readonly value: string;
  /** When the token ends by itself, in ms since the Unix epoch. */
  readonly endsAtMs?: number;
}

export const noTokens: TokenSettings = { issuers: [], forwarded: false, revoked: [] };
