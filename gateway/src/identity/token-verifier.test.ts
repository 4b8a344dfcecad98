import { beforeEach, describe, expect, test } from 'vitest';
import type { TokenIssuer } from '../config/token-settings.ts';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { issuerOf, jwksOf, Signer } from '../../test/support/signer.ts';
import { TokenShelf } from './token-shelf.ts';
import type { TokenVerifier } from './token-verifier.ts';

const signer = new Signer();
const startMs = 1_790_000_000_000;
const endsAt = startMs / 1000 + 300;

let clock: FakeClock;
let shelf: TokenShelf;
let fetches: number;

beforeEach(() => {
  clock = new FakeClock({ wallMs: startMs });
  fetches = 0;
  const fetchText = (): Promise<string> => {
    fetches += 1;
    return Promise.resolve(jwksOf(signer));
  };
  shelf = new TokenShelf(clock, { fetchText });
});

const issuers = (more: Partial<TokenIssuer> = {}) => [
  issuerOf({ jwksUrl: 'http://issuer.example/jwks', ...more }),
];
const offline = (): TokenVerifier => shelf.verifier([issuerOf({ jwks: jwksOf(signer) })]);
const token = (more: object = {}): string => signer.token({ exp: endsAt, ...more });

describe('a verified token', () => {
  test('is the same for all requests that show it, and needs no promise the second time', async () => {
    const verifier = offline();
    const text = token();
    const [first, second] = [verifier.verify(text, 'bearer'), verifier.verify(text, 'bearer')];
    const [one, other] = [await first, await second];
    expect(one).toMatchObject({ claims: { sub: 'carol' }, endsAtMs: endsAt * 1000 });
    expect(other).toBe(one);
    expect(verifier.verify(text, 'bearer')).toBe(one);
  });

  test('is good to ten seconds after its end, and not a millisecond longer', async () => {
    const verifier = offline();
    const text = token();
    const seen = await verifier.verify(text, 'bearer');
    await clock.advance(309_999);
    expect(verifier.verify(text, 'bearer')).toBe(seen);
    await clock.advance(1);
    expect(verifier.verify(text, 'bearer')).toBe('invalid');
    expect(verifier.verify(text, 'bearer')).toBe('invalid');
  });

  test('is not known as an API key, nor the other way round', async () => {
    const verifier = offline();
    const text = token();
    await verifier.verify(text, 'bearer');
    expect(await verifier.verify(text, 'api-key')).toBe('invalid');
  });

  test('stays known when the configuration is read again with the same issuers, and only then', async () => {
    const text = token();
    const seen = await shelf.verifier(issuers()).verify(text, 'bearer');
    expect(shelf.verifier(issuers()).verify(text, 'bearer')).toBe(seen);
    const changed = shelf.verifier(issuers({ audiences: ['mine'] }));
    expect(changed.verify(text, 'bearer')).toBe('invalid');
    const back = shelf.verifier(issuers()).verify(text, 'bearer');
    expect(back).toBeInstanceOf(Promise);
    expect(await back).not.toBe(seen);
    expect(fetches).toBe(1);
  });
});

describe('tokens that were never seen', () => {
  test('are verified only so many at once; a known one is answered all the same', async () => {
    const verifier = offline();
    const known = token();
    const seen = await verifier.verify(known, 'bearer');
    const many = Array.from({ length: 1100 }, (_, index) => token({ sub: `user-${index}` }));
    const verifying = many.map((text) => verifier.verify(text, 'bearer'));
    expect(verifier.verify(known, 'bearer')).toBe(seen);
    const outcomes = await Promise.all(verifying.map((outcome) => Promise.resolve(outcome)));
    expect(outcomes.filter((outcome) => outcome === 'busy')).toHaveLength(76);
    expect(outcomes.filter((outcome) => typeof outcome === 'object')).toHaveLength(1024);
    expect(await verifier.verify(many.at(-1)!, 'bearer')).toMatchObject({ claims: { sub: 'user-1099' } });
  });

  test('are forgotten when they prove nothing', async () => {
    const verifier = offline();
    const forged = `${token().slice(0, -8)}AAAAAAAA`;
    expect(await verifier.verify(forged, 'bearer')).toBe('invalid');
    expect(verifier.verify(forged, 'bearer')).toBeInstanceOf(Promise);
  });
});
