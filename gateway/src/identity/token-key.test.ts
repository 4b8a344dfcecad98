import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { tokenAlgorithms, type TokenAlgorithm } from '../config/token-settings.ts';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { goodClaims, issuerOf } from '../../test/support/signer.ts';
import { fitsAlgorithm, keysOfJwks, keysOfPem } from './token-key.ts';
import { TokenShelf } from './token-shelf.ts';

interface Pair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const curve = (namedCurve: string): Pair => generateKeyPairSync('ec', { namedCurve });
const pairs: Readonly<Record<TokenAlgorithm, Pair>> = {
  RS256: rsa,
  RS384: rsa,
  RS512: rsa,
  PS256: rsa,
  PS384: rsa,
  PS512: rsa,
  ES256: curve('P-256'),
  ES384: curve('P-384'),
  ES512: curve('P-521'),
  EdDSA: generateKeyPairSync('ed25519'),
};
const jwks = (publicKey: KeyObject, more: object = {}): string =>
  JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k', ...more }] });

describe.each(tokenAlgorithms)('%s', (alg) => {
  const { publicKey, privateKey } = pairs[alg];
  const verify = async (keys: object, header: object = { kid: 'k' }): Promise<unknown> => {
    const token = await new SignJWT(goodClaims()).setProtectedHeader({ alg, ...header }).sign(privateKey);
    const issuer = issuerOf({ algorithms: tokenAlgorithms, ...keys });
    return new TokenShelf(new FakeClock({ wallMs: Date.now() })).verifier([issuer]).verify(token, 'bearer');
  };

  test('verifies what its key has signed, named or alone', async () => {
    expect(await verify({ jwks: jwks(publicKey) })).toMatchObject({ claims: { sub: 'carol' } });
    expect(await verify({ jwks: jwks(publicKey) }, {})).toMatchObject({ claims: { sub: 'carol' } });
    const certificates = publicKey.export({ format: 'pem', type: 'spki' });
    expect(await verify({ certificates })).toMatchObject({ claims: { sub: 'carol' } });
  });

  test('takes no key of another algorithm, use or issuer', async () => {
    const other = alg === 'RS256' ? 'RS512' : 'RS256';
    expect(await verify({ jwks: jwks(publicKey, { alg: other }) })).toBe('invalid');
    expect(await verify({ jwks: jwks(publicKey, { use: 'enc' }) })).toBe('invalid');
    expect(await verify({ jwks: jwks(publicKey, { kid: 'other' }) })).toBe('invalid');
    expect(await verify({ jwks: jwks(publicKey), algorithms: [other] })).toBe('invalid');
    const strange = alg === 'ES256' ? pairs.ES384.publicKey : pairs.ES256.publicKey;
    expect(await verify({ jwks: jwks(strange) })).toBe('invalid');
  });
});

describe('keys', () => {
  test('of RSA have at least 2048 bits, and secrets are none', () => {
    const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
    expect(keysOfJwks(jwks(short)).filter((key) => fitsAlgorithm(key, 'RS256'))).toEqual([]);
    expect(keysOfJwks('{"keys":[{"kty":"oct","k":"c2VjcmV0"},{"kty":"RSA"},7,null]}')).toEqual([]);
  });

  test.each(['', '[]', '{}', '{"keys":{}}', 'hunter2 is a secret'])(
    '%j is no set, and is not shown',
    (text) => {
      expect(() => keysOfJwks(text)).toThrow(/^it (?:is not JSON|holds no "keys")$/);
    },
  );

  test('in PEM are certificates or public keys, never private ones', () => {
    const pem = pairs.RS256.privateKey.export({ format: 'pem', type: 'pkcs8' });
    expect(() => keysOfPem(pem)).toThrow('it holds no certificate and no public key');
    expect(() => keysOfPem('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----')).toThrow(Error);
  });
});
