import type { RevokedToken } from '../config/token-settings.ts';
import type { VerifiedToken } from './token-verifier.ts';

/** The tokens that their issuers took back. */
export class RevokedTokens {
  readonly #digests: ReadonlySet<string>;
  readonly #ids: ReadonlySet<string>;

  /** Those that have ended by themselves are refused anyway, and needn't be remembered. */
  constructor(revoked: readonly RevokedToken[], nowMs: number) {
    const running = revoked.filter(({ endsAtMs = Infinity }) => endsAtMs + dayMs > nowMs);
    this.#digests = new Set(running.filter(({ by }) => by === 'sha256').map(({ value }) => value));
    this.#ids = new Set(running.filter(({ by }) => by === 'jti').map(({ value }) => value));
  }

  has({ digest, claims: { jti } }: VerifiedToken): boolean {
    return this.#digests.has(digest) || (typeof jti === 'string' && this.#ids.has(jti));
  }
}

/** Whoever wrote when a token ends may have had another clock. */
const dayMs = 86_400_000;
