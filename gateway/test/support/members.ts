import type { Server } from 'node:net';
import type { GatewayId } from '../../src/limits/claim.ts';
import { ClusterClock } from '../../src/stores/members/cluster-clock.ts';
import { MembersStore } from '../../src/stores/members/members-store.ts';
import { listenForMembers, TcpMesh, type TcpMeshSettings } from '../../src/stores/members/tcp-mesh.ts';
import { systemClock } from '../../src/system-clock.ts';
import { freePort } from './ports.ts';
import { StoreEar } from './store-ear.ts';

export interface MemberOptions {
  readonly members: readonly string[];
  readonly onLostMajority?: 'share' | 'whole';
  readonly mesh?: Partial<TcpMeshSettings>;
  /** The one clock of all members, where a test sets it: no message tells an older time then. */
  readonly sharedWallMs?: () => number;
}

/** One member of a cluster in this process, over real sockets. */
export class MemberUnderTest {
  readonly store: MembersStore;
  readonly ear: StoreEar = new StoreEar();
  /** What it reported, a line each. */
  readonly said: string[] = [];

  private constructor(id: string, address: string, server: Server, options: MemberOptions) {
    const { members, onLostMajority = 'share', mesh, sharedWallMs } = options;
    const self = { id: id as GatewayId, address };
    const settings = { self, host, port: portOf(address), domain: 'test', secret: 'of the test', ...mesh };
    this.store = new MembersStore({
      clock: systemClock,
      ...(sharedWallMs !== undefined && { clusterClock: new SharedTime(sharedWallMs) }),
      events: this.ear,
      settings: { self, members, onLostMajority },
      openMesh: (events) =>
        new TcpMesh(settings, {
          clock: systemClock,
          server,
          report: (line) => this.said.push(line),
          events,
        }),
    });
  }

  static async start(id: string, address: string, options: MemberOptions): Promise<MemberUnderTest> {
    const server = await listenForMembers({ host, port: portOf(address), tls: options.mesh?.tls });
    return new MemberUnderTest(id, address, server, options);
  }
}

class SharedTime extends ClusterClock {
  override readonly nowMs: () => number;

  constructor(nowMs: () => number) {
    super(systemClock);
    this.nowMs = nowMs;
  }
}

const host = '127.0.0.1';

/** Free loopback ports, as addresses of members. */
export async function memberAddresses(count: number): Promise<readonly string[]> {
  const ports: number[] = [];
  for (let port = 0; port < count; port += 1) ports.push(await freePort());
  return ports.map((port) => `127.0.0.1:${port}`);
}

export function portOf(address: string): number {
  return Number(address.split(':')[1]);
}
