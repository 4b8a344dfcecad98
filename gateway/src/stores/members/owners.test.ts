import { expect, test } from 'vitest';
import type { GatewayId } from '../../limits/claim.ts';
import type { CounterKey } from '../../limits/counter-key.ts';
import { Owners } from './owners.ts';

const members = ['gw1-aa', 'gw2-bb', 'gw3-cc', 'gw4-dd'] as GatewayId[];
const keys = Array.from({ length: 4000 }, (_, index) => `subscription@60000:app/${index}` as CounterKey);

test('counters are shared out about evenly, owners and backups', () => {
  const owners = new Owners(members);
  for (const part of ['owner', 'backup'] as const) {
    const counts = members.map((member) => keys.filter((key) => owners.of(key)[part] === member).length);
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
  }
});

test('when a member goes its backups follow it, and nothing else moves', () => {
  const before = new Owners(members);
  const after = new Owners(members.slice(1));
  for (const key of keys) {
    const { owner, backup } = before.of(key);
    expect(after.of(key).owner).toBe(owner === members[0] ? backup : owner);
  }
});

test('a member alone owns everything and has no backup', () => {
  expect(new Owners(members.slice(0, 1)).of(keys[0]!)).toEqual({ owner: members[0], backup: undefined });
});
