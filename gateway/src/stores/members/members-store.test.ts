import { describe, expect, test } from 'vitest';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { StoreEar } from '../../../test/support/store-ear.ts';
import type { GatewayId } from '../../limits/claim.ts';
import { MembersStore } from './members-store.ts';
import type { MeshEvents } from './mesh.ts';
import type { Beat, Message } from './messages.ts';

const [m1, m2] = ['m1', 'm2'] as [GatewayId, GatewayId];

function beatOf(view: readonly GatewayId[], nowMs: number): Beat {
  const row = { number: nowMs, address: 'b:1', hears: [m1], settled: true };
  const time = { nowMs, servingMs: 0 };
  return { kind: 'beat', epoch: view.length, view, rows: [[m2, row]], known: [], time };
}

describe('clustered counters', () => {
  test('limits are shared with all known members where no view begins, nor with fewer in one that the others do not share', async () => {
    const clock = new FakeClock();
    const ear = new StoreEar();
    const sent: Message[] = [];
    let mesh: MeshEvents | undefined;
    const store = new MembersStore({
      clock,
      events: ear,
      settings: {
        self: { id: m1, address: 'a:1' },
        members: ['a:1', 'b:1', 'c:1'],
        onLostMajority: 'share',
      },
      openMesh: (events) => {
        mesh = events;
        return {
          send: (_, message) => void sent.push(message),
          reach: () => {},
          drop: () => {},
          close: () => Promise.resolve(),
        };
      },
    });
    await clock.advance(1500);
    expect(ear.gateways).toBe(3);
    mesh!.met(m2);
    mesh!.received(m2, beatOf([], clock.wallMs()));
    const told = sent.findLast((message): message is Beat => message.kind === 'beat');
    expect(told).toMatchObject({ view: [m1, m2] });
    expect(ear.gateways).toBe(3);
    mesh!.received(m2, beatOf([m1, m2], clock.wallMs() + 1));
    mesh!.received(m2, { kind: 'synced', mine: 2, yours: told!.epoch });
    expect(ear.gateways).toBe(2);
    await store.close();
  });
});
