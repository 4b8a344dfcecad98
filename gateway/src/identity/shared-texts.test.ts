import { describe, expect, test } from 'vitest';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { SharedTexts } from './shared-texts.ts';

describe('texts for several threads', () => {
  test('are fetched at most twice a minute for all of them; who asks more often gets the last', async () => {
    const clock = new FakeClock();
    const beganAtMs: number[] = [];
    const texts = new SharedTexts(clock, () => {
      beganAtMs.push(clock.monotonicMs());
      return beganAtMs.length === 2
        ? Promise.reject(new Error('away'))
        : Promise.resolve(`text ${beganAtMs.length}`);
    });
    const ask = (): Promise<string> => texts.fetch('http://a/').catch((error: unknown) => String(error));
    expect(await Promise.all([ask(), ask(), ask()])).toEqual(['text 1', 'text 1', 'text 1']);
    await clock.advance(999);
    expect(await ask()).toBe('text 1');
    await clock.advance(1);
    expect(await ask()).toBe('Error: away');
    await clock.advance(30_000);
    expect(await ask()).toBe('Error: away');
    await clock.advance(29_000);
    expect(await ask()).toBe('text 3');
    for (let second = 0; second < 600; second += 1) {
      await ask();
      await clock.advance(1000);
    }
    for (const atMs of beganAtMs) {
      expect(beganAtMs.filter((other) => other >= atMs && other < atMs + 60_000).length).toBeLessThanOrEqual(
        2,
      );
    }
    expect(beganAtMs.length).toBeGreaterThan(15);
  });

  test('of different URLs have nothing to do with each other', async () => {
    const texts = new SharedTexts(new FakeClock(), (url) => Promise.resolve(url));
    expect(await texts.fetch('http://a/')).toBe('http://a/');
    expect(await texts.fetch('http://b/')).toBe('http://b/');
  });
});
