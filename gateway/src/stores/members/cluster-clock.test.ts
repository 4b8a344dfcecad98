import { describe, expect, test } from 'vitest';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { ClusterClock } from './cluster-clock.ts';

const wallMs = 1_790_000_000_000;
const fresh = { ageMsMax: 4, comesFirst: false };

describe('the cluster’s clock', () => {
  test('goes by who has served longer, and goes on from there without it', async () => {
    const own = new FakeClock({ wallMs });
    const clock = new ClusterClock(own);
    clock.hear({ nowMs: wallMs + 3_600_000, servingMs: 5000 }, fresh);
    expect(clock.nowMs()).toBe(wallMs + 3_600_000);
    await own.advance(700);
    expect(clock.nowMs()).toBe(wallMs + 3_600_700);
  });

  test.each([-3_600_437, 3_600_437])('goes on evenly when a wall clock jumps by %i ms', async (jumpMs) => {
    const own = new FakeClock({ wallMs });
    const clock = new ClusterClock(own);
    own.jumpWall(jumpMs);
    await own.advance(70);
    expect(own.wallMs()).toBe(wallMs + jumpMs + 70);
    expect(clock.nowMs()).toBe(wallMs + 70);
    expect(clock.told.nowMs).toBe(wallMs + 70);
  });

  test('goes back as far as it surely is ahead, and not for a little', () => {
    const clock = new ClusterClock(new FakeClock({ wallMs }));
    clock.hear({ nowMs: wallMs - 24, servingMs: 5000 }, fresh);
    expect(clock.nowMs()).toBe(wallMs);
    clock.hear({ nowMs: wallMs - 1000, servingMs: 5000 }, fresh);
    expect(clock.nowMs()).toBe(wallMs - 996);
  });

  test('an old message sets nothing back', () => {
    const clock = new ClusterClock(new FakeClock({ wallMs }));
    clock.hear({ nowMs: wallMs - 3000, servingMs: 5000 }, { ageMsMax: 3100, comesFirst: true });
    expect(clock.nowMs()).toBe(wallMs);
  });

  test('does not go by who has served less, nor, of two as old, by the later name', async () => {
    const own = new FakeClock({ wallMs });
    const clock = new ClusterClock(own);
    clock.serves(true);
    await own.advance(10_000);
    const nowMs = clock.nowMs();
    clock.hear({ nowMs: nowMs + 500, servingMs: 3000 }, { ...fresh, comesFirst: true });
    clock.hear({ nowMs: nowMs + 500, servingMs: 10_400 }, fresh);
    expect(clock.nowMs()).toBe(nowMs);
    clock.hear({ nowMs: nowMs + 500, servingMs: 10_400 }, { ...fresh, comesFirst: true });
    expect(clock.nowMs()).toBe(nowMs + 500);
  });
});
