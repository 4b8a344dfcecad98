import { describe, expect, test } from 'vitest';
import type { GatewayId } from '../limits/claim.ts';
import type { Account, Ledger } from '../limits/ledger.ts';
import type { Limit } from '../limits/limit.ts';
import { merged } from './merged.ts';

const minute: Limit = { kind: 'fixed-window', quota: 10, windowMs: 60_000, starts: 'aligned' };
const bucket: Limit = { kind: 'token-bucket', quota: 10, windowMs: 1000, burst: 10 };

function ledger(
  window: number,
  accounts: Readonly<Record<string, Account>>,
  more: Partial<Ledger> = {},
): Ledger {
  const used = Object.values(accounts).reduce((sum, { held }) => sum + held, 0);
  const byGateway = new Map(Object.entries(accounts)) as unknown as ReadonlyMap<GatewayId, Account>;
  return { window, used, accounts: byGateway, seqsBefore: new Map(), carried: 0, carriedAtMs: 0, ...more };
}

describe('two copies of a ledger', () => {
  test('give of each gateway the newest word, and their sum', () => {
    const one = ledger(0, { a: { held: 3, seq: 4 }, b: { held: 2, seq: 1 } });
    const other = ledger(0, { a: { held: 5, seq: 3 }, b: { held: 1, seq: 2 }, c: { held: 4, seq: 9 } });
    const expected = ledger(0, { a: { held: 3, seq: 4 }, b: { held: 1, seq: 2 }, c: { held: 4, seq: 9 } });
    expect(merged(minute, one, other, 1000)).toEqual(expected);
    expect(merged(minute, other, one, 1000).used).toBe(8);
  });

  test('of two words as new, the one that charges more', () => {
    const one = ledger(0, { a: { held: 3, seq: 4 } });
    expect(merged(minute, one, ledger(0, { a: { held: 7, seq: 4 } }), 1000).used).toBe(7);
  });

  test('of two windows the newer runs, and remembers who claimed in the older', () => {
    const older = ledger(0, { a: { held: 9, seq: 12 } });
    const newer = ledger(60_000, { b: { held: 1, seq: 3 } });
    for (const [one, other] of [
      [older, newer],
      [newer, older],
    ] as const) {
      const both = merged(minute, one, other, 61_000);
      expect(both).toMatchObject({ window: 60_000, used: 1 });
      expect([...both.seqsBefore]).toEqual([['a', 12]]);
    }
  });

  test('a bucket is as empty as the emptier of them is by now', () => {
    const one = ledger(0, {}, { carried: 8000, carriedAtMs: 0 });
    const other = ledger(0, {}, { carried: 5000, carriedAtMs: 90 });
    expect(merged(bucket, one, other, 100)).toMatchObject({ carried: 7000, carriedAtMs: 100 });
  });

  test('a window that an owner began when it had slept counts with the one that ran meanwhile', () => {
    const burst: Limit = { kind: 'fixed-window', quota: 10, windowMs: 1000, starts: 'first-request' };
    const running = ledger(4004, { a: { held: 6, seq: 12 }, b: { held: 2, seq: 7 } });
    const begunLate = ledger(4096, { c: { held: 1, seq: 3 }, b: { held: 1, seq: 8 } });
    for (const [one, other] of [
      [running, begunLate],
      [begunLate, running],
    ] as const) {
      const both = ledger(4096, { a: { held: 6, seq: 12 }, b: { held: 3, seq: 8 }, c: { held: 1, seq: 3 } });
      expect(merged(burst, one, other, 4100)).toEqual(both);
    }
  });

  test('a sliding window that was begun without the one before inherits from it all the same', () => {
    const sliding: Limit = { kind: 'sliding-window', quota: 10, windowMs: 1000 };
    const older = ledger(1000, { a: { held: 9, seq: 12 } });
    const restated = ledger(2000, { a: { held: 1, seq: 13 } });
    expect(merged(sliding, restated, older, 2100)).toMatchObject({ window: 2000, used: 1, carried: 9 });
    expect(merged(sliding, older, restated, 2100)).toMatchObject({ window: 2000, used: 1, carried: 9 });
  });

  test('a bucket lacks what only one of them had heard of', () => {
    const one = ledger(0, { a: { held: 3, seq: 1 } }, { carried: 3000, carriedAtMs: 50 });
    const other = ledger(0, { b: { held: 2, seq: 1 } }, { carried: 2000, carriedAtMs: 50 });
    expect(merged(bucket, one, other, 50)).toMatchObject({ used: 5, carried: 5000 });
    const later = ledger(100, { b: { held: 2, seq: 2 } }, { carried: 2000, carriedAtMs: 100 });
    expect(merged(bucket, one, later, 100)).toMatchObject({ window: 100, used: 2, carried: 4500 });
  });
});
