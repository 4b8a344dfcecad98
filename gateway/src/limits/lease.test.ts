import { describe, expect, test } from 'vitest';
import type { Claim, GatewayId, Grant } from './claim.ts';
import { counterKey } from './counter-key.ts';
import { Lease } from './lease.ts';
import type { FixedWindow } from './limit.ts';

const limit: FixedWindow = { kind: 'fixed-window', quota: 100, windowMs: 1000, starts: 'aligned' };
const key = counterKey('test', limit, ['subject']);
const window = 7_000;
let seq = 0;

function claimed(lease: Lease, wanted: number, nowMs: number): Claim {
  seq += 1;
  return lease.claim({ gateway: 'a' as GatewayId, seq, wanted, usefulFrom: Math.min(1, wanted) }, nowMs);
}

function grant(more: Partial<Grant>): Grant {
  return { outcome: 'granted', window, granted: 0, used: 0, endsInMs: 600, gateways: 3, ...more };
}

/** A lease that was granted `units` at 100 ms, in a window with 600 ms to run. */
function leaseOf(units: number): Lease {
  const lease = new Lease(key, limit);
  claimed(lease, units, 100);
  lease.absorb(grant({ granted: units, used: 40 }), { nowMs: 110, recheckMs: 50 });
  return lease;
}

describe('a lease', () => {
  test('spends what was granted, and not after the window can have ended', () => {
    const lease = leaseOf(5);
    lease.spend(2);
    expect(lease.available(110)).toBe(3);
    // Sent at 100 with 600 ms to run; the store's millisecond may have begun before.
    expect(lease.available(698)).toBe(3);
    expect(lease.available(699)).toBe(0);
  });

  test('keeps what is unspent while others wait, and gives it back when nobody does', () => {
    const lease = leaseOf(5);
    lease.spend(2);
    expect(claimed(lease, 10, 120)).toMatchObject({ window, held: 5, want: 7 });
    lease.absorb(grant({ granted: 7, used: 47 }), { nowMs: 121, recheckMs: 50 });
    expect(lease.available(121)).toBe(10);
    expect(lease.due(0, 121)).toBe(true);
    expect(claimed(lease, 0, 122)).toMatchObject({ window, held: 2, want: 0 });
    expect(lease.available(122)).toBe(0);
  });

  test('goes on in the same window when the ledger runs it longer than the lease dared', () => {
    const lease = leaseOf(5);
    lease.spend(2);
    expect(claimed(lease, 1, 700)).toMatchObject({ window, held: 2, want: 1 });
    lease.absorb(grant({ granted: 1, used: 41, endsInMs: 1 }), { nowMs: 700, recheckMs: 50 });
    expect(claimed(lease, 1, 701)).toMatchObject({ window, held: 2 });
  });

  test('starts from nothing in a new window', () => {
    const lease = leaseOf(5);
    lease.spend(5);
    claimed(lease, 1, 800);
    lease.absorb(grant({ window: 8_000, granted: 1, used: 1 }), { nowMs: 810, recheckMs: 50 });
    expect(lease.available(810)).toBe(1);
    expect(claimed(lease, 2, 811)).toMatchObject({ window: 8_000, held: 1, want: 1 });
  });

  test('carries what it holds into a window that the store started after losing its data, and states it', () => {
    const lease = leaseOf(5);
    lease.spend(4);
    claimed(lease, 2, 200);
    lease.absorb(grant({ window: 7_200, granted: 1, used: 1 }), { nowMs: 201, recheckMs: 50 });
    expect(lease.available(201)).toBe(2);
    expect(lease.due(0, 201)).toBe(true);
    expect(claimed(lease, 2, 202)).toMatchObject({ window: 7_200, held: 6, want: 0 });
    lease.absorb(grant({ window: 7_200, used: 6 }), { nowMs: 203, recheckMs: 50 });
    expect(lease.due(2, 203)).toBe(false);
  });

  test('after a lost claim says again what it holds, so that a grant which never came flows back', () => {
    const lease = leaseOf(2);
    lease.spend(2);
    claimed(lease, 3, 200);
    lease.abandon();
    expect(lease.due(0, 260)).toBe(true);
    expect(claimed(lease, 0, 260)).toMatchObject({ window, held: 2, want: 0 });
  });

  test('remembers a denial until it is time to ask again, at most until the window ends', () => {
    const lease = leaseOf(2);
    lease.spend(2);
    claimed(lease, 1, 200);
    expect(lease.absorb(grant({ used: 100, endsInMs: 500 }), { nowMs: 201, recheckMs: 50 })).toBe('refused');
    expect(lease.denies(250)).toBe(true);
    expect(lease.denies(251)).toBe(false);
    claimed(lease, 1, 650);
    lease.absorb(grant({ used: 100, endsInMs: 40 }), { nowMs: 651, recheckMs: 50 });
    expect(lease.denies(688)).toBe(true);
    expect(lease.denies(689)).toBe(false);
  });

  test('says what the cluster has left, as far as it knows', () => {
    const lease = leaseOf(5);
    expect(lease.remaining(110)).toBe(65);
    lease.spend(5);
    expect(lease.remaining(110)).toBe(60);
    expect(lease.resetsInMs(110)).toBe(589);
    expect(lease.remaining(900)).toBe(100);
    expect(lease.resetsInMs(900)).toBe(1000);
  });

  test('may be forgotten only when its window is over for the store as well', () => {
    const lease = leaseOf(5);
    expect(lease.forgettable(710)).toBe(false);
    expect(lease.forgettable(711)).toBe(true);
    claimed(lease, 1, 720);
    expect(lease.forgettable(2000)).toBe(false);
  });
});

describe('a lease while the store is away', () => {
  const alone = (nowMs: number) => ({ nowMs, storeNowMs: nowMs + 7_290, gateways: 3 });

  test('may spend what it holds and its share of what was left', () => {
    const lease = leaseOf(5);
    lease.takeShare(alone(200));
    expect(lease.availableAlone(200)).toBe(5 + 20);
    lease.spend(25);
    lease.takeShare(alone(201));
    expect(lease.availableAlone(201)).toBe(0);
  });

  test('gains nothing from stating what it spent alone', () => {
    const lease = leaseOf(5);
    lease.takeShare(alone(200));
    lease.spend(15);
    claimed(lease, 0, 201);
    lease.abandon();
    expect(lease.availableAlone(202)).toBe(10);
    expect(lease.available(202)).toBe(0);
  });

  test('has no share left when the store had nothing left', () => {
    const lease = leaseOf(0);
    claimed(lease, 1, 120);
    lease.absorb(grant({ used: 100 }), { nowMs: 121, recheckMs: 50 });
    lease.takeShare(alone(200));
    expect(lease.availableAlone(200)).toBe(0);
  });

  test('starts windows in step with the last one, each with its share of the whole', () => {
    const lease = leaseOf(5);
    lease.spend(5);
    lease.takeShare(alone(705));
    expect(lease.availableAlone(705)).toBe(0);
    lease.takeShare(alone(712));
    expect(lease.availableAlone(712)).toBe(33);
    lease.spend(33);
    lease.takeShare(alone(1700));
    expect(lease.availableAlone(1700)).toBe(0);
    lease.takeShare(alone(1711));
    expect(lease.availableAlone(1711)).toBe(33);
    expect(claimed(lease, 0, 1712)).toMatchObject({ window: 9_000, held: 0 });
  });

  test('states what it spent alone in the window that the store runs when it is back', () => {
    const lease = new Lease(key, { ...limit, starts: 'first-request' });
    lease.takeShare(alone(712));
    lease.spend(7);
    lease.endShare();
    expect(claimed(lease, 0, 800)).toMatchObject({ window: 8_002, held: 7, want: 0 });
    lease.absorb(grant({ window: 8_050, used: 12 }), { nowMs: 801, recheckMs: 50 });
    expect(claimed(lease, 1, 802)).toMatchObject({ window: 8_050, held: 7, want: 1 });
  });
});
