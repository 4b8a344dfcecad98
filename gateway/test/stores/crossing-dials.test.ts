import { once } from 'node:events';
import type { Server } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { GatewayId } from '../../src/limits/claim.ts';
import { listenForMembers, TcpMesh } from '../../src/stores/members/tcp-mesh.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { memberAddresses, portOf } from '../support/members.ts';
import { seededRandom } from '../support/random.ts';
import { until } from '../support/until.ts';

const host = '127.0.0.1';

/** One end, and how many connections with the other it holds for standing. */
class End {
  readonly id: GatewayId;
  readonly mesh: TcpMesh;
  readonly server: Server;
  readonly received: string[] = [];
  standing = 0;
  /** Connections that others have made, in all. */
  accepted = 0;

  constructor(id: string, address: string, { clock, server }: { clock: FakeClock; server: Server }) {
    this.id = id as GatewayId;
    this.server = server;
    server.on('connection', () => (this.accepted += 1));
    const self = { id: this.id, address };
    const settings = { self, host, port: portOf(address), domain: 'test', secret: 'of the test' };
    this.mesh = new TcpMesh(settings, {
      clock,
      server,
      report: () => {},
      events: {
        met: () => (this.standing += 1),
        parted: () => (this.standing -= 1),
        received: (from, { kind }) => this.received.push(`${kind} from ${from}`),
      },
    });
  }

  /** Connections that others have made and that haven't ended. */
  get open(): Promise<number> {
    return promisify(this.server.getConnections.bind(this.server))();
  }
}

test('of the connections of two members that dial each other at once one stays, the same on both sides', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = seededRandom(seed);
  let crossed = 0;
  for (let round = 0; round < 40; round += 1) {
    const clock = new FakeClock();
    const addresses = (await memberAddresses(2)).toSorted();
    const servers = await Promise.all(
      addresses.map((address) => listenForMembers({ host, port: portOf(address) })),
    );
    const [smaller, greater] = addresses.map((address, index) => {
      return new End(`m${index}`, address, { clock, server: servers[index]! });
    }) as [End, End];
    const ways = [() => smaller.mesh.reach([addresses[1]!]), () => greater.mesh.reach([addresses[0]!])];
    for (const reach of ways) reach();
    await clock.advance(300);
    // Neither has heard of the other's dial when it dials, or only just.
    for (const reach of random.chance(0.5) ? ways : ways.toReversed()) {
      reach();
      for (let turns = random.below(4); turns > 0; turns -= 1) await nextTurn();
    }
    const told = `seed ${seed}, round ${round}`;
    const isSettled = async (): Promise<boolean> => {
      const open = await Promise.all([smaller.open, greater.open]);
      return smaller.standing === 1 && greater.standing === 1 && open[0] + open[1] === 1;
    };
    await until(isSettled);
    smaller.mesh.send(greater.id, { kind: 'leave' });
    greater.mesh.send(smaller.id, { kind: 'leave' });
    await until(() => smaller.received.length > 0 && greater.received.length > 0);
    if (smaller.accepted > 0 && greater.accepted > 0) crossed += 1;
    expect([smaller.standing, greater.standing], told).toEqual([1, 1]);
    expect((await smaller.open) + (await greater.open), told).toBe(1);
    const closed = servers.map((server) => once(server, 'close'));
    await Promise.all([smaller.mesh.close(), greater.mesh.close(), ...closed]);
  }
  process.stdout.write(`${crossed} of 40 crossed, seed ${seed}\n`);
  expect(crossed, `seed ${seed}`).toBeGreaterThan(0);
});
