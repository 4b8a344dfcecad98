import { expect, test } from 'vitest';
import { keySlot, slotCount } from './key-slot.ts';
import { clusterView, endpointOf, nodeName, rostersOf } from './slot-map.ts';

const asked = { host: '10.0.0.9', port: 7009 };
const info = 'cluster_state:ok\r\ncluster_current_epoch:7\r\n';

test('a view has the primary of each slot, and none where nobody serves it', () => {
  const slots = [
    [0, 1, ['10.0.0.1', 7001, 'id'], ['10.0.0.2', 7002, 'replica']],
    [5, 5, ['fd00::1', 7003, 'id']],
  ];
  const view = clusterView(info, slots, asked);
  expect(view?.epoch).toBe(7);
  expect(view?.owners.slice(0, 6)).toEqual([
    '10.0.0.1:7001',
    '10.0.0.1:7001',
    undefined,
    undefined,
    undefined,
    'fd00::1:7003',
  ]);
  expect(endpointOf('fd00::1:7003')).toEqual({ host: 'fd00::1', port: 7003 });
});

test('a node that does not know its own address is where it was asked', () => {
  for (const host of ['', null]) {
    expect(clusterView(info, [[0, 0, [host, 7000, 'id']]], asked)?.owners[0]).toBe('10.0.0.9:7000');
  }
  expect(clusterView(info, [[0, 0, ['?', 7000, 'id']]], asked)?.owners[0]).toBeUndefined();
});

test.each([
  ['no epoch', 'cluster_state:ok', []],
  ['no list', info, 'slots'],
  ['a range that is none', info, ['0-1']],
])('%s is no view', (_, text, slots) => {
  expect(clusterView(text, slots, asked)).toBeUndefined();
});

test('each primary has one roster that lies on it, also one with a single slot', () => {
  const [first, second] = [nodeName({ host: 'a', port: 1 }), nodeName({ host: 'b', port: 2 })];
  const owners = Array.from({ length: slotCount }, (_, slot) => (slot === 4242 ? second : first));
  const rosters = rostersOf(owners);
  expect([...rosters.keys()].toSorted()).toEqual([first, second]);
  expect(keySlot(rosters.get(second)!)).toBe(4242);
  expect(rostersOf([])).toEqual(new Map());
});
