import { isDeepStrictEqual } from 'node:util';
import type { TokenIssuer } from '../config/token-settings.ts';
import type { Clock } from '../limits/clock.ts';
import { textFetcher } from './fetch-text.ts';
import { type JwksMeans, JwksSource } from './jwks-source.ts';
import { TokenVerifier } from './token-verifier.ts';

/** What outlives a configuration: the keys of issuers, and the tokens that were verified with the same issuers. */
export class TokenShelf {
  readonly #means: JwksMeans;
  readonly #sources = new Map<string, JwksSource>();
  #last: { readonly issuers: readonly TokenIssuer[]; readonly verifier: TokenVerifier } | undefined;

  constructor(clock: Clock, { fetchText = textFetcher(clock), report = () => {} }: Partial<JwksMeans> = {}) {
    this.#means = { clock, fetchText, report };
  }

  /** What verifies the tokens of these issuers: the same as before while they are. */
  verifier(issuers: readonly TokenIssuer[]): TokenVerifier {
    if (this.#last !== undefined && isDeepStrictEqual(this.#last.issuers, issuers))
      return this.#last.verifier;
    const verifier = new TokenVerifier(issuers, {
      clock: this.#means.clock,
      source: (url) => this.#source(url),
    });
    this.#last = { issuers, verifier };
    return verifier;
  }

  nowMs(): number {
    return this.#means.clock.wallMs();
  }

  /** However often the configuration changes, one URL is fetched no more often. */
  #source(url: string): JwksSource {
    const known = this.#sources.get(url);
    if (known !== undefined) return known;
    const source = new JwksSource(url, this.#means);
    this.#sources.set(url, source);
    return source;
  }
}
