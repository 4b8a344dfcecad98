import { describe, expect, test } from 'vitest';
import { seededRandom } from '../support/random.ts';
import { judge, type Seen } from './judge.ts';
import type { JudgedLimit } from './windows.ts';

const aligned: JudgedLimit = { name: 'aligned', units: 10, windowMs: 1000, starts: 'aligned' };
const burst: JudgedLimit = { name: 'burst', units: 10, windowMs: 1000, starts: 'first-request' };
const originMs = 1_790_000_000_000;

function admitted(sentMs: number, tookMs = 2): Seen {
  const at = originMs + sentMs;
  return { sentMs: at, endedMs: at + tookMs + 1, outcome: 'admitted', arrivalsMs: [at + tookMs] };
}

function refused(sentMs: number, tookMs = 2): Seen {
  const at = originMs + sentMs;
  return { sentMs: at, endedMs: at + tookMs, outcome: 'over-limit', arrivalsMs: [] };
}

function many<One>(count: number, one: (index: number) => One): One[] {
  return Array.from({ length: count }, (_, index) => one(index));
}

const sum = (limit: JudgedLimit, seen: readonly Seen[]) => {
  const windows = judge(limit, seen);
  const add = (part: 'over' | 'missed' | 'admitted'): number =>
    windows.reduce((total, window) => total + window[part], 0);
  return { over: add('over'), missed: add('missed'), admitted: add('admitted') };
};

describe('the judge of aligned windows', () => {
  test('passes a window that is spent exactly', () => {
    const seen = [...many(10, (i) => admitted(i * 20)), ...many(30, (i) => refused(300 + i * 20))];
    expect(sum(aligned, seen)).toEqual({ over: 0, missed: 0, admitted: 10 });
  });

  test('catches one unit too many, wherever it is in the window', () => {
    for (const late of [250, 500, 990]) {
      expect(sum(aligned, [...many(10, (i) => admitted(i * 20)), admitted(late)]).over).toBe(1);
    }
  });

  test('counts a unit in the window where it may have been decided, not where it arrived', () => {
    const seen = [admitted(995, 20), ...many(10, (i) => admitted(1000 + i * 20))];
    expect(sum(aligned, seen).over).toBe(0);
    const full = [...many(10, (i) => admitted(i * 20)), ...seen];
    expect(sum(aligned, full).over).toBe(1);
  });

  test('gives a request that waits over several windows to one that has room', () => {
    const full = (window: number): Seen[] => many(10, (i) => admitted(window * 1000 + i * 20));
    const seen = [...full(0), ...full(2), admitted(980, 1100)];
    expect(sum(aligned, seen).over).toBe(0);
    expect(sum(aligned, [...seen, ...full(1)]).over).toBe(1);
  });

  test('counts a request that reached the backend twice as two units', () => {
    const twice = { ...admitted(5), arrivalsMs: [originMs + 7, originMs + 9] };
    expect(sum(aligned, [...many(9, (i) => admitted(i * 20)), twice]).over).toBe(1);
  });

  test('catches refusals while units were left, and no more than there were', () => {
    const seen = [...many(7, (i) => admitted(i * 20)), refused(300), refused(400)];
    expect(sum(aligned, seen).missed).toBe(2);
    expect(sum(aligned, [...seen, ...many(20, () => refused(500))]).missed).toBe(3);
  });

  test('excuses a refusal whose window is doubtful', () => {
    const seen = [...many(10, (i) => admitted(i * 20)), refused(995, 10), admitted(1500)];
    expect(sum(aligned, seen).missed).toBe(0);
  });
});

describe('the judge of windows that start with their first request', () => {
  /** Windows of `spent` units each, a little after one another, under steady demand. */
  const row = (spent: readonly number[]): Seen[] =>
    spent.flatMap((count, index) => [
      ...many(count, (i) => admitted(37 + index * 1003 + i * 20)),
      ...many(15, (i) => refused(37 + index * 1003 + 400 + i * 30)),
    ]);

  test('passes windows that are spent exactly', () => {
    expect(sum(burst, row([10, 10, 10, 10]))).toEqual({ over: 0, missed: 0, admitted: 40 });
  });

  test('catches planted over-admission and planted refusals in any window', () => {
    for (const at of [0, 1, 2, 3]) {
      const more = [10, 10, 10, 10].map((count, index) => (index === at ? count + 2 : count));
      expect(sum(burst, row(more)).over, `window ${at}`).toBe(2);
      const fewer = [10, 10, 10, 10].map((count, index) => (index === at ? count - 3 : count));
      expect(sum(burst, row(fewer)), `window ${at}`).toMatchObject({ over: 0, missed: 3 });
    }
  });

  test('catches a window that starts before the last one is over', () => {
    const early = [...many(10, (i) => admitted(i * 20)), ...many(10, (i) => admitted(700 + i * 20))];
    expect(sum(burst, [...early, ...many(10, (i) => admitted(1700 + i * 20))]).over).toBeGreaterThan(0);
  });

  test('takes silence for the end of a window', () => {
    const seen = [...many(10, (i) => admitted(i * 20)), ...many(10, (i) => admitted(5500 + i * 20))];
    expect(sum(burst, seen).over).toBe(0);
  });

  test('passes whatever an exact counter admits, on random traffic', () => {
    const random = seededRandom();
    for (let run = 0; run < 30; run += 1) {
      const longestWaitMs = 1 + random.below(60);
      const asked = many(1500, () => ({ sentMs: random.below(6000), waitMs: random.below(longestWaitMs) }));
      asked.sort((a, b) => a.sentMs + a.waitMs - b.sentMs - b.waitMs);
      let windowEndsMs = -1;
      let left = 0;
      const seen = asked.map(({ sentMs, waitMs }) => {
        const decidedMs = sentMs + waitMs;
        if (decidedMs >= windowEndsMs) [windowEndsMs, left] = [decidedMs + 1000, 10];
        left -= 1;
        return left >= 0 ? admitted(sentMs, waitMs + random.below(3)) : refused(sentMs, waitMs);
      });
      const judged = sum(burst, seen);
      const hint = `seed ${random.seed}, run ${run}`;
      expect({ over: judged.over, missed: judged.missed }, hint).toEqual({ over: 0, missed: 0 });
      expect(judged.admitted, hint).toBeLessThan(asked.length / 2);
    }
  });
});
