import { createHash } from 'node:crypto';
import type { AdminScope, AdminToken } from '../../config/config.ts';
import type { Clock } from '../../limits/clock.ts';
import { ApiError } from './api-error.ts';

const failuresMax = 20;
const failuresWindowMs = 60_000;
/** More addresses than these that fail within one window count together. */
const addressesMax = 1000;
const tokenCharactersMax = 4096;

/**
 * Who may use the API: whoever shows a bearer token with a known digest. An address that shows too many others isn't listened to for
 * the rest of the minute, whatever it shows then.
 */
export class Authority {
  readonly #tokens: () => readonly AdminToken[] | undefined;
  readonly #clock: Clock;
  readonly #failures = new Map<string, number>();
  #windowStartMs = -failuresWindowMs;

  /** Tokens may change at any time; without a list the API is off. */
  constructor(tokens: () => readonly AdminToken[] | undefined, clock: Clock) {
    this.#tokens = tokens;
    this.#clock = clock;
  }

  /** Throws `ApiError` with status 404, 401 or 429. */
  identify(authorization: string | undefined, address: string): AdminToken {
    const tokens = this.#tokens();
    if (tokens === undefined) {
      throw new ApiError(
        404,
        'The admin REST API is off: [sluice.admin] tokens_file names no file of tokens.',
      );
    }
    const waitMs = this.#waitMs(address);
    if (waitMs > 0) {
      const fields = { 'Retry-After': String(Math.ceil(waitMs / 1000)) };
      throw new ApiError(429, 'Too many requests of this address had no valid token.', { fields });
    }
    const shown = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? '';
    // Digests are compared, so that how long it takes tells nothing about a token.
    const digest = createHash('sha256').update(shown.slice(0, tokenCharactersMax)).digest('hex');
    const token = shown === '' ? undefined : tokens.find(({ sha256 }) => sha256 === digest);
    if (token !== undefined) return token;
    this.#countFailure(address);
    const fields = { 'WWW-Authenticate': 'Bearer realm="sluice"' };
    throw new ApiError(401, 'This takes "Authorization: Bearer" with a valid token.', { fields });
  }

  #waitMs(address: string): number {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs >= this.#windowStartMs + failuresWindowMs) {
      this.#windowStartMs = nowMs;
      this.#failures.clear();
    }
    const failures = this.#failures.get(this.#countedAs(address)) ?? 0;
    return failures < failuresMax ? 0 : this.#windowStartMs + failuresWindowMs - nowMs;
  }

  #countFailure(address: string): void {
    const key = this.#countedAs(address);
    this.#failures.set(key, (this.#failures.get(key) ?? 0) + 1);
  }

  #countedAs(address: string): string {
    return this.#failures.has(address) || this.#failures.size < addressesMax ? address : 'others';
  }
}

/** Throws `ApiError` with status 403 unless the token has one of the scopes, or `apim:admin`. */
export function requireScope(token: AdminToken, scopes: readonly AdminScope[]): void {
  if (token.scopes.some((scope) => scope === 'apim:admin' || scopes.includes(scope))) return;
  throw new ApiError(403, `This takes a token with the scope ${['apim:admin', ...scopes].join(' or ')}.`);
}
