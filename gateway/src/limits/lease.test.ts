import { describe, expect, test } from 'vitest';
import { absorbed, claimed, gateways, isDue, leaseOf, limit, window } from '../../test/support/one-lease.ts';
import { remainingOf, resetsInMsOf } from './counter-standing.ts';

describe('a lease', () => {
  test('spends what was granted, and not after the window can have ended', () => {
    const lease = leaseOf(5);
    lease.spend(2, 110);
    expect(lease.available(110)).toBe(3);
    // Sent at 100 with 600 ms to run; the store's millisecond may have begun before.
    expect(lease.available(698)).toBe(3);
    expect(lease.available(699)).toBe(0);
  });

  test('claims what waits and what the next horizon may ask, less what it holds', () => {
    const lease = leaseOf(6);
    lease.spend(4, 110);
    expect(isDue(lease, 0, 111)).toBe(false);
    lease.spend(1, 112);
    expect(isDue(lease, 0, 112)).toBe(true);
    expect(claimed(lease, 10, 113)).toMatchObject({ window, held: 6, want: 10 + 5 - 1, atLeast: 0 });
    absorbed(lease, 114, { granted: 14, used: 54 });
    expect(lease.available(114)).toBe(15);
  });

  test('claims no more ahead than half of an even part of what is left', () => {
    const lease = leaseOf(20);
    for (let spent = 0; spent < 20; spent += 1) lease.spend(1, 111);
    expect(claimed(lease, 1, 112)).toMatchObject({ held: 20, want: 1 + 10, atLeast: 1 });
    absorbed(lease, 113, { granted: 11, used: 95 });
    for (let spent = 0; spent < 11; spent += 1) lease.spend(1, 114);
    expect(isDue(lease, 0, 114)).toBe(false);
    expect(claimed(lease, 2, 114)).toMatchObject({ held: 31, want: 2 });
  });

  test('tells when it runs low, once', () => {
    const lease = leaseOf(8);
    const low: number[] = [];
    for (let spent = 1; spent <= 4; spent += 1) if (lease.spend(1, 111)) low.push(spent);
    claimed(lease, 0, 112);
    absorbed(lease, 113, { used: 40 });
    for (let spent = 5; spent <= 8; spent += 1) if (lease.spend(1, 113)) low.push(spent);
    claimed(lease, 0, 114);
    expect(lease.spend(0, 114)).toBe(false);
    expect(low).toEqual([7, 8]);
  });

  test('gives back what was idle for a horizon', () => {
    const lease = leaseOf(5);
    lease.spend(2, 110);
    expect(isDue(lease, 0, 210)).toBe(false);
    expect(isDue(lease, 0, 310)).toBe(true);
    expect(claimed(lease, 0, 310)).toMatchObject({ window, held: 2, want: 0 });
    expect(lease.available(310)).toBe(0);
  });

  test('goes on in the same window when the ledger runs it longer than the lease dared', () => {
    const lease = leaseOf(5);
    lease.spend(2, 110);
    expect(claimed(lease, 1, 700)).toMatchObject({ window, held: 2, want: 1 });
    absorbed(lease, 700, { granted: 1, used: 41, endsInMs: 1 });
    expect(claimed(lease, 1, 701)).toMatchObject({ window, held: 2 });
  });

  test('starts from nothing in a new window', () => {
    const lease = leaseOf(5);
    lease.spend(5, 110);
    claimed(lease, 1, 800);
    absorbed(lease, 810, { window: 8_000, granted: 1, used: 1 });
    expect(lease.available(810)).toBe(1);
    expect(claimed(lease, 2, 811)).toMatchObject({ window: 8_000, held: 1, want: 1 });
  });

  test('carries what it spent into a window that the store started after losing its data, and states it', () => {
    const lease = leaseOf(5);
    lease.spend(4, 110);
    claimed(lease, 2, 400);
    absorbed(lease, 401, { window: 7_200, granted: 1, used: 1 });
    expect(lease.available(401)).toBe(1);
    expect(isDue(lease, 0, 402)).toBe(true);
    expect(claimed(lease, 2, 402)).toMatchObject({ window: 7_200, held: 5, want: 1 });
    absorbed(lease, 403, { window: 7_200, granted: 1, used: 6 });
    expect(isDue(lease, 2, 403)).toBe(false);
  });

  test('after a lost claim says again what it holds, so that a grant which never came flows back', () => {
    const lease = leaseOf(2);
    lease.spend(2, 110);
    claimed(lease, 3, 400);
    lease.abandon(450);
    expect(isDue(lease, 0, 460)).toBe(true);
    expect(claimed(lease, 0, 460)).toMatchObject({ window, held: 2, want: 0 });
  });

  test('a doubt outlives the answer to a claim that was sent before it', () => {
    const lease = leaseOf(2);
    lease.spend(2, 110);
    claimed(lease, 0, 400);
    lease.doubt();
    absorbed(lease, 401, { used: 40 });
    expect(isDue(lease, 0, 402)).toBe(true);
  });

  test('remembers a denial until it is time to ask again, at most until the window ends', () => {
    const lease = leaseOf(2);
    lease.spend(2, 110);
    claimed(lease, 1, 400);
    expect(absorbed(lease, 401, { used: 100, endsInMs: 300 })).toBe('refused');
    expect(lease.denies(1, 450)).toBe(true);
    expect(lease.denies(1, 451)).toBe(false);
    claimed(lease, 1, 650);
    absorbed(lease, 651, { used: 100, endsInMs: 40 });
    expect(lease.denies(1, 688)).toBe(true);
    expect(lease.denies(1, 689)).toBe(false);
  });

  test('denies as many units as the store has not left, and no fewer', () => {
    const lease = leaseOf(2);
    lease.spend(2, 110);
    claimed(lease, 9, 400);
    expect(absorbed(lease, 401, { used: 97 })).toBe('refused');
    expect([lease.denies(3, 402), lease.denies(4, 402)]).toEqual([false, true]);
    expect(lease.due({ wanted: 9, usefulFrom: 9 }, { nowMs: 402, gateways })).toBe(false);
    expect(lease.due({ wanted: 9, usefulFrom: 3 }, { nowMs: 402, gateways })).toBe(true);
  });

  test('does not ask again for those behind one whom it can pay, when nothing is left', () => {
    const lease = leaseOf(2);
    claimed(lease, 9, 400);
    expect(absorbed(lease, 401, { used: 100 })).toBe('refused');
    expect(lease.due({ wanted: 9, usefulFrom: 1 }, { nowMs: 402, gateways })).toBe(false);
  });

  test('says what the cluster has left, as far as it knows', () => {
    const lease = leaseOf(5);
    expect([remainingOf(limit, lease, 110), resetsInMsOf(limit, lease, 110)]).toEqual([65, 589]);
    lease.spend(5, 110);
    expect(remainingOf(limit, lease, 110)).toBe(60);
    expect([remainingOf(limit, lease, 900), resetsInMsOf(limit, lease, 900)]).toEqual([100, 1000]);
  });

  test('may be forgotten only when its window is over for the store as well', () => {
    const lease = leaseOf(5);
    expect(lease.forgettable(710)).toBe(false);
    expect(lease.forgettable(711)).toBe(true);
    claimed(lease, 1, 720);
    expect(lease.forgettable(2000)).toBe(false);
  });
});

describe('a limit that changes within a window', () => {
  test('is raised at once: a denial counts no more', () => {
    const lease = leaseOf(0);
    claimed(lease, 1, 120);
    absorbed(lease, 121, { used: 100 });
    lease.adjust({ ...limit, quota: 200 });
    expect(lease.denies(1, 121)).toBe(false);
    expect(claimed(lease, 1, 122)).toMatchObject({ want: 1, limit: { quota: 200 } });
  });

  test('is lowered at once: what was granted by the old one is not spent', () => {
    const lease = leaseOf(5);
    lease.spend(2, 110);
    claimed(lease, 10, 111);
    lease.adjust({ ...limit, quota: 10 });
    expect(lease.available(111)).toBe(0);
    absorbed(lease, 112, { granted: 10, used: 50 });
    expect(lease.available(112)).toBe(0);
    expect(isDue(lease, 0, 112)).toBe(true);
    expect(claimed(lease, 0, 113)).toMatchObject({ held: 2 });
  });
});
