import { describe, expect, test } from 'vitest';
import { absorbed, claimed, isDue, leaseOf, limit, window } from '../../test/support/one-lease.ts';
import { remainingOf } from './counter-standing.ts';

describe('costs that are known only afterwards', () => {
  test('close the counter, and the next claim states them', () => {
    const lease = leaseOf(5);
    lease.owe(90, 120);
    expect(lease.available(120)).toBe(0);
    expect(isDue(lease, 0, 120)).toBe(true);
    expect(claimed(lease, 0, 120)).toMatchObject({ window, held: 90, want: 0 });
    absorbed(lease, 121, { used: 125 });
    expect(isDue(lease, 0, 122)).toBe(false);
    expect(remainingOf(limit, lease, 122)).toBe(0);
  });

  test('give back what was paid ahead for them, while its window runs', () => {
    const lease = leaseOf(50);
    lease.spend(40, 110);
    lease.putBack(30, window, 120);
    expect(lease.available(120)).toBe(40);
    lease.putBack(5, 8_000, 120);
    lease.putBack(5, undefined, 120);
    lease.putBack(5, window, 699);
    expect(lease.available(120)).toBe(40);
    lease.putBack(99, window, 121);
    expect(lease.available(121)).toBe(50);
  });

  test('units that come back while a claim is on its way are never more than the ledger has counted', () => {
    const lease = leaseOf(50);
    lease.spend(50, 110);
    expect(claimed(lease, 0, 400)).toMatchObject({ held: 50, want: 0 });
    lease.putBack(20, window, 401);
    absorbed(lease, 402, { used: 90 });
    expect(lease.available(402)).toBe(20);
    expect(isDue(lease, 0, 402)).toBe(true);
    expect(claimed(lease, 0, 402)).toMatchObject({ held: 30 });
    expect(lease.available(402)).toBe(0);
  });

  test('of a window that is over count in the next one', () => {
    const lease = leaseOf(5);
    lease.owe(30, 800);
    expect(claimed(lease, 0, 800)).toMatchObject({ window, held: 0 });
    absorbed(lease, 801, { window: 8_000, used: 0 });
    expect(claimed(lease, 0, 802)).toMatchObject({ window: 8_000, held: 30 });
  });
});
