import type { Claim, GatewayId, Grant } from '../../src/limits/claim.ts';
import { counterKey, type CounterKey } from '../../src/limits/counter-key.ts';
import { Lease } from '../../src/limits/lease.ts';
import type { FixedWindow } from '../../src/limits/limit.ts';

export const limit: FixedWindow = { kind: 'fixed-window', quota: 100, windowMs: 1000, starts: 'aligned' };
const key: CounterKey = counterKey('test', limit, ['subject']);
export const window: number = 7_000;
export const gateways: number = 3;
const recheckMs: number = 50;
const horizonMs: number = 100;
let seq = 0;

export function claimed(lease: Lease, wanted: number, nowMs: number): Claim {
  seq += 1;
  const usefulFrom = Math.min(1, wanted);
  return lease.claim({ gateway: 'a' as GatewayId, seq, wanted, usefulFrom, gateways }, nowMs);
}

function grant(more: Partial<Grant>): Grant {
  return { outcome: 'granted', window, granted: 0, used: 0, endsInMs: 600, gateways, ...more };
}

export function absorbed(lease: Lease, nowMs: number, more: Partial<Grant>): string {
  return lease.absorb(grant(more), { nowMs, recheckMs, gateways });
}

/** A lease that was granted `units` at 100 ms, in a window with 600 ms to run. */
export function leaseOf(units: number): Lease {
  const lease = new Lease(key, limit, horizonMs);
  claimed(lease, units, 100);
  absorbed(lease, 110, { granted: units, used: 40 });
  return lease;
}

export const isDue = (lease: Lease, wanted: number, nowMs: number): boolean =>
  lease.due({ wanted, usefulFrom: Math.min(1, wanted) }, { nowMs, gateways });
