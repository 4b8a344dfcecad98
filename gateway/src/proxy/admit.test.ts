import { describe, expect, test } from 'vitest';
import { limitOf } from '../../test/proxy/sample.ts';
import { counterKey } from '../limits/counter-key.ts';
import type { Level } from '../policy/levels.ts';
import { refusalOf } from './admit.ts';
import { causes } from './refusal.ts';
import { requestCharge } from '../policy/plan.ts';

function refused(level: Level, quota: number, because: 'over-limit' | 'store-unavailable' = 'over-limit') {
  const limit = limitOf(quota);
  const charge = requestCharge(level, limit, counterKey(level, limit, ['s']));
  const standing = { charge, remaining: 0, resetsInMs: 1500 };
  return refusalOf({ admitted: false, standings: [standing], refused: standing, because, certain: true });
}

describe('a request that could not pay', () => {
  test.each<[Level, string, number]>([
    ['api', '900800', 429],
    ['operation', '900802', 429],
    ['subscription', '900804', 429],
    ['burst', '900807', 429],
    ['application', '900803', 429],
    ['application-burst', '900809', 429],
    ['custom', '900806', 429],
  ])('at the level %s is told %s and when the window is over', (level, code, status) => {
    expect(refused(level, 5)).toMatchObject({
      cause: { code, status },
      retryAfterMs: 1500,
      accessInMs: 1500,
    });
  });

  test("at the backend isn't told more than to come back", () => {
    const refusal = refused('backend', 5);
    expect(refusal).toMatchObject({ cause: { code: '900801', status: 503 }, retryAfterMs: 1500 });
    expect(refusal).not.toHaveProperty('accessInMs');
  });

  test('of a limit that admits nobody is promised nothing', () => {
    expect(refused('burst', 0)).not.toHaveProperty('accessInMs');
  });

  test('because the store is away is told apart from a limit that is used up', () => {
    expect(refused('burst', 5, 'store-unavailable')).toEqual({ cause: causes.undecided, retryAfterMs: 1000 });
  });
});
