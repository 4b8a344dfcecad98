import { describe, expect, test } from 'vitest';
import { lossBound, type Settled } from './wiretap.ts';

describe("I2's bound", () => {
  const settled = (
    atMs: number,
    gateway: string,
    held: number,
    granted: number,
    claimed = '1000',
  ): Settled => ({
    atMs,
    key: 'key',
    gateway,
    claimed,
    window: '1000',
    held,
    granted,
  });
  const loss = { atMs: 1500, windowMs: 1000 };
  const before = [settled(1100, 'a', 0, 10), settled(1200, 'b', 0, 10), settled(1300, 'c', 0, 0)];

  test('counts what is granted until the last holder has restated, and nothing later', () => {
    const after = [settled(1510, 'a', 10, 4), settled(1520, 'c', 0, 3, ''), settled(1560, 'b', 10, 2)];
    const later = settled(1570, 'a', 14, 50);
    expect(lossBound([...before, ...after, later], loss)).toEqual({ granted: 9, restatedAfterMs: 60 });
  });

  test('takes a claim before the loss, or one that names no window, for no restatement', () => {
    const early = settled(1499, 'b', 10, 1);
    const nameless = settled(1510, 'b', 0, 7, '');
    const after = [settled(1505, 'a', 10, 0), nameless, settled(1600, 'b', 18, 5)];
    expect(lossBound([...before, early, ...after], loss)).toEqual({ granted: 12, restatedAfterMs: 100 });
  });

  test('runs to the end of the window when a holder never restates, and is nothing when that was over', () => {
    expect(lossBound([...before, settled(1900, 'a', 10, 6)], loss)).toEqual({
      granted: 6,
      restatedAfterMs: 500,
    });
    expect(lossBound(before, { atMs: 2100, windowMs: 1000 })).toEqual({ granted: 0, restatedAfterMs: 0 });
  });
});
