import { beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { jwksOf, Signer } from '../../test/support/signer.ts';
import { JwksSource, type NoKey } from './jwks-source.ts';
import type { TokenKey } from './token-key.ts';

const first = new Signer('first');
const second = new Signer('second');
const minuteMs = 60_000;

let clock: FakeClock;
let source: JwksSource;
let fetches: number;
let told: string[];
let answer: () => Promise<string>;

beforeEach(() => {
  clock = new FakeClock();
  fetches = 0;
  told = [];
  answer = () => Promise.resolve(jwksOf(first));
  source = new JwksSource('http://issuer.example/jwks?key=secret', {
    clock,
    report: (line) => told.push(line),
    fetchText: () => {
      fetches += 1;
      return answer();
    },
  });
});

const find = (kid: string): TokenKey | NoKey | Promise<TokenKey | NoKey> =>
  source.find(kid, (keys) => keys.find((key) => key.kid === kid));
const found = async (kid: string): Promise<string | undefined> => {
  const key = await find(kid);
  return typeof key === 'string' ? key : key.kid;
};
const away = (): Promise<string> => Promise.reject(new Error('away'));

describe('the keys behind a URL', () => {
  test('are fetched once for all who wait, and a known one is given without a promise', async () => {
    expect(await Promise.all(Array.from({ length: 50 }, () => found('first')))).toEqual(
      Array.from({ length: 50 }, () => 'first'),
    );
    expect(fetches).toBe(1);
    expect(find('first')).toMatchObject({ kid: 'first' });
  });

  test('are fetched at most twice in any minute, whatever is asked for', async () => {
    const beganAtMs: number[] = [];
    const giveBack = answer;
    answer = () => {
      beganAtMs.push(clock.monotonicMs());
      return giveBack();
    };
    for (let step = 0; step < 600; step += 1) {
      await found(`kid-${step}`);
      await clock.advance(700);
    }
    expect(beganAtMs.length).toBeGreaterThan(8);
    for (const atMs of beganAtMs) {
      expect(
        beganAtMs.filter((other) => other >= atMs && other < atMs + minuteMs).length,
      ).toBeLessThanOrEqual(2);
    }
  });

  test('that the issuer does not have are not asked for again at once', async () => {
    expect(await found('first')).toBe('first');
    expect(await found('second')).toBe('unknown');
    await clock.advance(minuteMs / 2 - 1);
    expect(find('second')).toBe('unknown');
    await clock.advance(minuteMs);
    answer = () => Promise.resolve(jwksOf(first, second));
    expect(await found('second')).toBe('second');
    expect(fetches).toBe(3);
  });

  test('are refreshed beside the requests; a key that stays is the same one, a key that goes verifies nothing', async () => {
    await found('first');
    const key = find('first');
    await clock.advance(5 * minuteMs);
    expect(find('first')).toBe(key);
    await clock.turn();
    expect(fetches).toBe(2);
    expect(find('first')).toBe(key);
    expect(source.has(key as TokenKey)).toBe(true);
    answer = () => Promise.resolve(jwksOf(second));
    await clock.advance(5 * minuteMs);
    source.refresh();
    await clock.turn();
    expect(source.has(key as TokenKey)).toBe(false);
  });

  test('stay good while the issuer is away, but not for longer than a day', async () => {
    await found('first');
    answer = away;
    for (let hour = 0; hour < 23; hour += 1) {
      await clock.advance(60 * minuteMs);
      expect(await found('first')).toBe('first');
    }
    await clock.advance(60 * minuteMs);
    expect(await found('first')).toBe('unavailable');
    answer = () => Promise.resolve(jwksOf(first));
    await clock.advance(minuteMs);
    expect(await found('first')).toBe('first');
    expect(told).toEqual([
      "the key set at http://issuer.example/jwks can't be read, the keys before stay in force: away",
      'the key set at http://issuer.example/jwks has its keys again',
    ]);
  });

  test('that could never be had are unavailable, and tried again after a minute', async () => {
    answer = away;
    expect(await found('first')).toBe('unavailable');
    expect(await found('first')).toBe('unavailable');
    expect(find('first')).toBe('unavailable');
    expect(fetches).toBe(2);
    await clock.advance(minuteMs);
    answer = () => Promise.resolve(jwksOf(first));
    expect(await found('first')).toBe('first');
  });

  test('keep only so many waiting', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    answer = () => promise;
    const waiting = Array.from({ length: 1000 }, () => found('first'));
    expect(await found('first')).toBe('unavailable');
    resolve(jwksOf(first));
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['first']));
  });
});
