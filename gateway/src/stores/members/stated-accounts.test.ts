import { expect, test } from 'vitest';
import type { Claim, GatewayId, Grant } from '../../limits/claim.ts';
import { counterKey } from '../../limits/counter-key.ts';
import type { Limit } from '../../limits/limit.ts';
import { StatedAccounts } from './stated-accounts.ts';

const limit: Limit = { kind: 'fixed-window', quota: 10, windowMs: 1000, starts: 'aligned' };
const key = counterKey('stated', limit, ['one']);
const claimOf = (gateway: string, seq: number): Claim => {
  return { key, limit, gateway: gateway as GatewayId, seq, held: 0, want: 1, atLeast: 0 };
};
const grant: Grant = { outcome: 'granted', window: 1000, granted: 1, used: 1, endsInMs: 400, gateways: 2 };

test('threads that claim of one counter over one member are stated each by itself', () => {
  let nowMs = 0;
  const stated = new StatedAccounts(() => nowMs);
  stated.answered(claimOf('gw#1', 7), grant, 3);
  stated.answered(claimOf('gw#2', 2), grant, 5);
  const told = (): unknown[] => stated.claims.map(({ gateway, held, seq }) => [gateway, held, seq]);
  expect(told()).toEqual([
    ['gw#1', 3, 7],
    ['gw#2', 5, 2],
  ]);
  stated.answered(claimOf('gw#1', 8), grant, 0);
  expect(told()).toEqual([['gw#2', 5, 2]]);
  nowMs = 400;
  expect(told()).toEqual([]);
});
