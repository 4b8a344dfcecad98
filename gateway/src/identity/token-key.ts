import { createPublicKey, type KeyObject } from 'node:crypto';
import type { TokenAlgorithm } from '../config/token-settings.ts';

/** A public key of an issuer. */
export interface TokenKey {
  /** The name tokens know it by: data to compare, never a path or a URL. */
  readonly kid: string | undefined;
  readonly key: KeyObject;
  /** The only algorithm it may be used with, where its issuer says so. */
  readonly algorithm: string | undefined;
}

/** More keys than these in one set are not an issuer's, they are an attack on memory. */
const keysMax = 100;
const rsaBitsMax = 8192;

/** The keys of a JSON Web Key Set (RFC 7517) that can verify signatures. Throws when the text is no such set. */
export function keysOfJwks(text: string): readonly TokenKey[] {
  const set = parsed(text);
  const written = isMembers(set) ? set['keys'] : undefined;
  if (!Array.isArray(written)) throw new SyntaxError('it holds no "keys"');
  if (written.length > keysMax) throw new SyntaxError(`it holds more than ${keysMax} keys`);
  return written.flatMap((jwk: unknown) => keyOfJwk(jwk) ?? []);
}

/** The parser's own message would show a part of the text, which may be another file than was meant. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SyntaxError('it is not JSON');
  }
}

/** The key of each certificate or public key in a PEM text. Throws when there is none, or one can't be read. */
export function keysOfPem(text: string): readonly TokenKey[] {
  const blocks = text.match(/-----BEGIN (CERTIFICATE|PUBLIC KEY)-----[^-]+-----END \1-----/g) ?? [];
  if (blocks.length === 0) throw new SyntaxError('it holds no certificate and no public key');
  return blocks.map((pem) => ({ kid: undefined, key: createPublicKey(pem), algorithm: undefined }));
}

/** Whether a key may verify what was signed by an algorithm: its type must be the algorithm's own. */
export function fitsAlgorithm({ key, algorithm }: TokenKey, wanted: TokenAlgorithm): boolean {
  if (algorithm !== undefined && algorithm !== wanted) return false;
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  switch (wanted) {
    case 'RS256':
    case 'RS384':
    case 'RS512':
    case 'PS256':
    case 'PS384':
    case 'PS512':
      return key.asymmetricKeyType === 'rsa' && modulusLength >= 2048 && modulusLength <= rsaBitsMax;
    case 'ES256':
      return namedCurve === 'prime256v1';
    case 'ES384':
      return namedCurve === 'secp384r1';
    case 'ES512':
      return namedCurve === 'secp521r1';
    case 'EdDSA':
      return key.asymmetricKeyType === 'ed25519';
    default:
      return wanted satisfies never;
  }
}

/** Symmetric keys, keys for encryption and what can't be read are passed over: none of them verifies anything here. */
function keyOfJwk(jwk: unknown): TokenKey | undefined {
  if (!isMembers(jwk)) return undefined;
  const { kid, alg, use, kty, n, e, crv, x, y } = jwk;
  if ((use !== undefined && use !== 'sig') || kty === 'oct') return undefined;
  const publicMembers = Object.entries({ kty, n, e, crv, x, y }).filter(([, value]) => value !== undefined);
  try {
    const key = createPublicKey({ key: Object.fromEntries(publicMembers), format: 'jwk' });
    return { kid: textOf(kid), key, algorithm: textOf(alg) };
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function isMembers(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
