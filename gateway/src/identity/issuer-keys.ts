import type { TokenAlgorithm, TokenIssuer } from '../config/token-settings.ts';
import type { JwksSource, NoKey } from './jwks-source.ts';
import { fitsAlgorithm, keysOfJwks, keysOfPem, type TokenKey } from './token-key.ts';

/** Which key a token says it was signed with. */
export interface WantedKey {
  readonly kid: string | undefined;
  readonly algorithm: TokenAlgorithm;
  readonly use: TokenUse;
}

/** How a token was shown: as what proves a user, or as WSO2's API key. */
export type TokenUse = 'bearer' | 'api-key';

/** All keys of an issuer: those of its files, and those it publishes. Throws on files that hold none. */
export class IssuerKeys {
  readonly #fromFiles: readonly TokenKey[];
  readonly #certificates: readonly TokenKey[];
  readonly #source: JwksSource | undefined;

  constructor({ jwks, certificates }: TokenIssuer, source: JwksSource | undefined) {
    this.#fromFiles = jwks === undefined ? [] : keysOfJwks(jwks);
    this.#certificates = certificates === undefined ? [] : keysOfPem(certificates);
    this.#source = source;
  }

  /**
   * Certificates have no names here: they verify API keys, which WSO2 names after its own key store, and tokens where no
   * other keys are known.
   */
  find(wanted: WantedKey): TokenKey | NoKey | Promise<TokenKey | NoKey> {
    const choose = (keys: readonly TokenKey[]): TokenKey | undefined => chooseKey(keys, wanted);
    const known = choose(this.#fromFiles);
    if (known !== undefined) return known;
    const areNamed = this.#fromFiles.length > 0 || this.#source !== undefined;
    if (wanted.use === 'api-key' || !areNamed) {
      const certificate = this.#certificates.find((key) => fitsAlgorithm(key, wanted.algorithm));
      if (certificate !== undefined) return certificate;
    }
    return this.#source?.find(`${wanted.algorithm} ${wanted.kid ?? ''}`, choose) ?? 'unknown';
  }

  /** Whether a key is still one of the issuer's. */
  has(key: TokenKey): boolean {
    return (
      this.#fromFiles.includes(key) || this.#certificates.includes(key) || this.#source?.has(key) === true
    );
  }
}

/** The key of that name; for a token that names none, the only one that fits. */
function chooseKey(keys: readonly TokenKey[], { kid, algorithm }: WantedKey): TokenKey | undefined {
  const fitting = keys.filter((key) => fitsAlgorithm(key, algorithm));
  if (kid !== undefined) return fitting.find((key) => key.kid === kid);
  return fitting.length === 1 ? fitting[0] : undefined;
}
