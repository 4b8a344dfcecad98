import { connect, createServer, Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { Claim, GatewayId } from '../../src/limits/claim.ts';
import { counterKey } from '../../src/limits/counter-key.ts';
import type { Limit } from '../../src/limits/limit.ts';
import type { TcpMeshSettings } from '../../src/stores/members/tcp-mesh.ts';
import { memberAddresses, type MemberOptions, MemberUnderTest, portOf } from '../support/members.ts';
import { opensslMissing, TlsFiles } from '../support/tls-files.ts';
import { until } from '../support/until.ts';
import { describeCounterStore } from './counter-store-contract.ts';

for (const count of [1, 3]) {
  describeCounterStore(`${count} clustered`, async () => {
    let wallMs = Date.now();
    const { members, close } = await openMembers(count, { sharedWallMs: () => wallMs });
    const [first] = members;
    const store = {
      settle: first!.store.settle.bind(first!.store),
      read: first!.store.read.bind(first!.store),
      forget: first!.store.forget.bind(first!.store),
      close,
    };
    return { store, setTime: (time: number) => (wallMs = time) };
  });
}

const minute: Limit = { kind: 'fixed-window', quota: 10, windowMs: 60_000, starts: 'first-request' };
const keys = Array.from({ length: 20 }, (_, subject) => counterKey('cluster', minute, [String(subject)]));

function claim(key: Claim['key'], gateway: string, seq: number, more: Partial<Claim> = {}): Claim {
  return { key, limit: minute, gateway: gateway as GatewayId, seq, held: 0, want: 1, atLeast: 0, ...more };
}

async function openMembers(
  count: number,
  how: Partial<MemberOptions> = {},
): Promise<{
  readonly members: readonly MemberUnderTest[];
  readonly addresses: readonly string[];
  readonly close: () => Promise<void>;
}> {
  const addresses = await memberAddresses(count);
  const members = await Promise.all(
    addresses.map((address, index) => {
      return MemberUnderTest.start(`m${index + 1}`, address, { members: addresses, ...how });
    }),
  );
  await until(() => members.every(({ ear }) => ear.gateways === count));
  const close = async (): Promise<void> => {
    await Promise.all(members.map(({ store }) => store.close()));
  };
  return { members, addresses, close };
}

describe('members of a cluster', () => {
  test('count together, whoever is asked', async () => {
    const { members, close } = await openMembers(3);
    for (const [index, key] of keys.entries()) {
      const granted: number[] = [];
      for (const [at, { store }] of members.entries()) {
        const [grant] = await store.settle([claim(key, `m${at + 1}`, index + 1, { want: 4 })]);
        granted.push(grant!.granted);
      }
      expect(granted).toEqual([4, 4, 2]);
    }
    await close();
  });

  test('one that leaves takes no count with it, and one that isn’t known to the others may join', async () => {
    const { members, addresses, close } = await openMembers(3);
    const [first, second, third] = members;
    for (const key of keys) await third!.store.settle([claim(key, 'm3', 1, { want: 7 })]);
    await third!.store.close();
    await until(() => first!.ear.gateways === 2 && second!.ear.gateways === 2);
    const [address] = await memberAddresses(1);
    const fourth = await MemberUnderTest.start('m4', address!, { members: addresses });
    await until(() => [first, second, fourth].every((member) => member!.ear.gateways === 3));
    for (const key of keys) {
      const [grant] = await fourth.store.settle([claim(key, 'm4', 1, { want: 9 })]);
      expect(grant).toMatchObject({ granted: 3, used: 10 });
    }
    await fourth.store.close();
    await close();
  });

  test('without a majority nothing is settled', async () => {
    const { members, close } = await openMembers(3);
    const [first, second, third] = members;
    await second!.store.close();
    await third!.store.close();
    // Both left in order, so the one that is left is all there is.
    await until(() => first!.ear.gateways === 1);
    expect(await first!.store.settle([claim(keys[0]!, 'm1', 1)])).toMatchObject([{ granted: 1 }]);
    await close();
    const [alone, missing] = await memberAddresses(2);
    const lone = await MemberUnderTest.start('lone', alone!, { members: [alone!, missing!] });
    await expect(lone.store.settle([claim(keys[0]!, 'lone', 1)])).rejects.toThrow(
      'no majority of the cluster: 1 of 2 members are in touch',
    );
    await lone.store.close();
    const whole = await MemberUnderTest.start('whole', alone!, {
      members: [alone!, missing!],
      onLostMajority: 'whole',
    });
    expect(await whole.store.settle([claim(keys[0]!, 'whole', 1)])).toMatchObject([{ granted: 1 }]);
    await whole.store.close();
  });

  test('whoever doesn’t know the secret, or belongs to another domain, stays outside', async () => {
    const { members, addresses, close } = await openMembers(1);
    const [member] = members;
    const others = await memberAddresses(2);
    const wrong = { members: [...addresses], mesh: { secret: 'another' } };
    const guesser = await MemberUnderTest.start('guesser', others[0]!, wrong);
    const stray = await MemberUnderTest.start('stray', others[1]!, {
      ...wrong,
      mesh: { domain: 'elsewhere' },
    });
    await until(() => guesser.said.length > 0 && stray.said.length > 0 && member!.said.length > 0);
    expect([...guesser.said, ...member!.said].join()).toContain('it does not know the secret');
    expect([...stray.said, ...member!.said].join()).toContain('it belongs to another domain');
    expect(member!.ear.gateways).toBe(1);
    await Promise.all([guesser.store.close(), stray.store.close()]);
    await close();
  });

  test.skipIf(opensslMissing)('talk by TLS, each with a certificate of the same authority', async () => {
    const files = new TlsFiles('localhost');
    const others = new TlsFiles('localhost');
    const tlsOf = (from: TlsFiles): NonNullable<TcpMeshSettings['tls']> => {
      return { ca: from.text('ca.pem'), certificate: from.text('server.pem'), key: from.text('server.key') };
    };
    const found = await memberAddresses(3);
    const [first, second, third] = found.map((address) => address.replace('127.0.0.1', 'localhost'));
    const members = [first!, second!];
    const tls = tlsOf(files);
    const pair = await Promise.all(
      members.map((address, index) =>
        MemberUnderTest.start(`m${index}`, address, { members, mesh: { tls } }),
      ),
    );
    await until(() => pair.every(({ ear }) => ear.gateways === 2));
    const stranger = await MemberUnderTest.start('m3', third!, { members, mesh: { tls: tlsOf(others) } });
    const plain = new Socket().connect(portOf(first!), '127.0.0.1').on('error', () => {});
    plain.write('hello');
    await until(() => plain.closed && stranger.said.length > 0);
    expect(stranger.said.join()).toMatch(/certificate|alert/);
    expect(pair.map(({ ear }) => ear.gateways)).toEqual([2, 2]);
    await Promise.all([...pair, stranger].map(({ store }) => store.close()));
    files.remove();
    others.remove();
  });

  test('an address that does not answer is dialled again beside the dials under way, a few at a time', async () => {
    const [first, second] = (await memberAddresses(2)).toSorted();
    const open = new Set<Socket>();
    let [accepted, openMost] = [0, 0];
    const mute = createServer((socket) => {
      accepted += 1;
      open.add(socket.on('error', () => {}).on('close', () => open.delete(socket)));
      openMost = Math.max(openMost, open.size);
      socket.resume();
    }).listen(portOf(second!), '127.0.0.1');
    const members = [first!, second!];
    const dialling = await MemberUnderTest.start('m1', first!, { members });
    await until(() => accepted >= 6);
    // One may have been given up without its end having come here.
    expect(openMost).toBeGreaterThan(1);
    expect(openMost).toBeLessThanOrEqual(4);
    expect(dialling.said).toEqual([`cluster: can't reach ${second}: it does not answer`]);
    mute.close();
    for (const socket of open) socket.destroy();
    await until(() => !mute.listening && open.size === 0);
    const other = await MemberUnderTest.start('m2', second!, { members });
    await until(() => dialling.ear.gateways === 2 && other.ear.gateways === 2);
    await Promise.all([dialling, other].map(({ store }) => store.close()));
  });

  test('the same trouble with many connections is told once, and a silent end is none', async () => {
    const { members, addresses, close } = await openMembers(1);
    const hungUpOn = async (bytes: string): Promise<void> => {
      const socket = connect(portOf(addresses[0]!), '127.0.0.1').on('error', () => {});
      socket.resume();
      if (bytes === '') socket.end();
      else socket.write(bytes);
      await until(() => socket.closed);
    };
    for (let time = 0; time < 5; time += 1) await hungUpOn('');
    expect(members[0]!.said).toEqual([]);
    for (let time = 0; time < 5; time += 1) await hungUpOn('GET / HTTP/1.1\r\n\r\n');
    expect(members[0]!.said).toHaveLength(1);
    await close();
  });

  test.each([
    ['no frame', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['a long frame', Buffer.from([0x7f, 0xff, 0xff, 0xff, 0x01])],
    ['no MessagePack', Buffer.from([0, 0, 0, 1, 0xc1])],
    ['no hello', Buffer.from([0, 0, 0, 1, 0x2a])],
  ])('a stranger that sends %s is hung up on', async (_, bytes) => {
    const { members, addresses, close } = await openMembers(1);
    const socket = connect(portOf(addresses[0]!), '127.0.0.1');
    let ended = false;
    socket.on('close', () => (ended = true)).on('error', () => {});
    socket.on('data', () => {});
    socket.write(bytes);
    await until(() => ended);
    expect(members[0]!.said.join()).toContain('ended');
    await close();
  });
});
