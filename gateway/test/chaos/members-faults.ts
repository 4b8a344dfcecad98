import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { encode } from '@msgpack/msgpack';
import type { ChaosCluster } from './cluster.ts';
import { gatewayEnds, wrongClock, type Fault } from './fault.ts';
import type { Disturbance } from './fault-proxy.ts';
import { gatewayCount } from './limits.ts';
import type { MembersGround } from './members-ground.ts';

type OnMembers = ChaosCluster<MembersGround>;

/** A frame as members send them. */
function frame(value: unknown): Buffer {
  const body = encode(value, { ignoreUndefined: true });
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

/** No frames, frames that never end, frames of no member. Never a well-formed grant from a member: one that lies can't be found out. */
const garbage: readonly Buffer[] = [
  Buffer.from('GET / HTTP/1.1\r\n\r\n'),
  Buffer.from([0x7f, 0xff, 0xff, 0xff, 1]),
  Buffer.from([0, 0, 0, 1, 0xc1]),
  Buffer.from([0, 0x80, 0, 0, 1]),
  Buffer.from([0, 0, 0, 0]),
  frame(42),
  frame({ kind: 'granted', id: 1 }),
  frame({ kind: 'nonsense' }),
];

/** What somebody says who would like to be a member: as true as it can be without the secret. */
const strangers: readonly Buffer[] = [
  ...garbage,
  frame({ kind: 'granted', id: 1, mine: 1, yours: 1, grants: [], held: [] }),
  Buffer.concat([
    frame({
      sluice: 1,
      domain: 'wso2.carbon.domain',
      id: 'gw1-stranger',
      address: '127.0.0.1:1',
      nonce: 'f'.repeat(32),
    }),
    frame('0'.repeat(64)),
    frame({ kind: 'leave' }),
  ]),
];

const struck = { probability: 0.2, bothWays: true } as const;
/** Members part and meet several times within a window. */
const partsAgainAndAgain = { sharesMax: gatewayCount } as const;

/** Every fault of clustered gateways, in the order the chaos run has them. */
export const membersFaults: readonly Fault<MembersGround>[] = [
  disturbed('slow-30', { kind: 'delay', delayMs: 15 }),
  disturbed('slow-120', { kind: 'delay', delayMs: 60 }),
  disturbed('slow-300', { kind: 'delay', delayMs: 150 }),
  disturbed('hold-one', { kind: 'hold' }, 0),
  disturbed('hold-all', { kind: 'hold' }),
  disturbed('half-open-one', { kind: 'swallow' }, 0),
  disturbed('half-open-all', { kind: 'swallow' }),
  {
    ...disturbed('one-way', { kind: 'none' }),
    async begin({ ground }) {
      ground.muteOneWay(0, 1);
    },
  },
  { ...disturbed('garbage', { kind: 'garbage', of: garbage, ...struck }), ...partsAgainAndAgain },
  { ...disturbed('cut', { kind: 'cut', ...struck }), ...partsAgainAndAgain },
  { ...disturbed('reset', { kind: 'reset', ...struck }), ...partsAgainAndAgain },
  refused('refuse-one', 0),
  refused('refuse-all'),
  repeated('reconnects', async ({ ground }) => {
    for (const proxy of ground.proxies()) proxy.break();
  }),
  repeated('strangers', async ({ ground }) => {
    for (const [index, port] of ground.ports.entries()) {
      for (let at = index; at < strangers.length; at += ground.ports.length) say(port, strangers[at]!);
    }
  }),
  frozen('stop-300', 300),
  frozen('stop-1500', 1500),
  gatewayEnds('kill', 'SIGKILL'),
  {
    ...gatewayEnds('kill-renamed', 'SIGKILL'),
    end: ({ gateways }) => gateways[0]!.start('another'),
  },
  gatewayEnds('restart', 'SIGTERM'),
  wrongClock('clock-ahead', 'ahead', 2),
  wrongClock('clock-behind', 'behind', 2),
  wrongClock('first-clock-ahead', 'ahead'),
  wrongClock('first-clock-behind', 'behind'),
];

/** On all links, or on those of one gateway. */
function disturbed(name: string, disturbance: Disturbance, gateway?: number): Fault<MembersGround> {
  return {
    name,
    lastsMs: 1500,
    async begin({ ground }) {
      ground.disturb(disturbance, gateway);
    },
    async end({ ground }) {
      ground.calm();
    },
  };
}

/** Connections end, and new ones are refused. */
function refused(name: string, gateway?: number): Fault<MembersGround> {
  return {
    name,
    lastsMs: 1500,
    async begin({ ground }) {
      await Promise.all(ground.proxies(gateway).map((proxy) => proxy.refuse()));
    },
    async end({ ground }) {
      await Promise.all(ground.proxies(gateway).map((proxy) => proxy.accept()));
    },
  };
}

/** Again and again for a second and a half. */
function repeated(name: string, befall: (cluster: OnMembers) => Promise<void>): Fault<MembersGround> {
  return {
    name,
    lastsMs: 0,
    ...partsAgainAndAgain,
    async begin(cluster) {
      for (let time = 0; time < 15; time += 1) {
        await befall(cluster);
        await sleep(100);
      }
    },
    async end() {},
  };
}

/** A member's process stands still; its connections stay open. */
function frozen(name: string, lastsMs: number): Fault<MembersGround> {
  return {
    name,
    lastsMs,
    freezes: 0,
    async begin({ gateways }) {
      gateways[0]!.freeze();
    },
    async end({ gateways }) {
      gateways[0]!.thaw();
    },
  };
}

/** Straight to a member's port, not by any link. */
function say(port: number, bytes: Buffer): void {
  const socket = connect(port, '127.0.0.1');
  // It is hung up on; one that only waits hangs up itself.
  socket.on('error', () => {});
  socket.setTimeout(1000, () => socket.destroy());
  socket.resume();
  socket.write(bytes);
}
