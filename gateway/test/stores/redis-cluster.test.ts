import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Claim, GatewayId, Grant } from '../../src/limits/claim.ts';
import { counterKey } from '../../src/limits/counter-key.ts';
import { StoreError } from '../../src/limits/counter-store.ts';
import type { FixedWindow } from '../../src/limits/limit.ts';
import { ClusterPrimaries } from '../../src/stores/redis/cluster-primaries.ts';
import { ClusterStore } from '../../src/stores/redis/cluster-store.ts';
import { keySlot } from '../../src/stores/redis/key-slot.ts';
import { systemClock } from '../../src/system-clock.ts';
import { seededRandom } from '../support/random.ts';
import { type NodeView, RedisCluster } from '../support/redis-cluster.ts';
import { redisMissing } from '../support/redis-server.ts';
import { StoreEar } from '../support/store-ear.ts';
import { until } from '../support/until.ts';
import { describeCounterStore } from './counter-store-contract.ts';

describe.skipIf(redisMissing)('a Redis Cluster of three primaries and three replicas', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await RedisCluster.start();
  });
  afterAll(() => cluster?.stop());

  const gateway = 'cluster' as GatewayId;
  const open = (
    more: {
      readonly nowMs?: () => number;
      readonly events?: StoreEar;
      readonly durable?: true;
      readonly name?: string;
    } = {},
  ): ClusterStore => {
    const { nowMs, events = new StoreEar(), durable, name = gateway } = more;
    const primaries = new ClusterPrimaries(cluster.address, {
      gateway: name as GatewayId,
      clock: systemClock,
      events,
      durable: durable && { lanes: 2, replicaWaitMs: 200 },
    });
    return new ClusterStore({ primaries, ...(nowMs && { nowMs }) });
  };
  const hour: FixedWindow = { kind: 'fixed-window', quota: 1000, windowMs: 3_600_000, starts: 'aligned' };
  let seq = 0;
  const claimOn = (subject: string, more: Partial<Claim> = {}): Claim => {
    const key = counterKey('cluster', hour, [subject]);
    return { key, limit: hour, gateway, seq: (seq += 1), held: 0, want: 1, atLeast: 0, ...more };
  };
  const tried = (store: ClusterStore, claims: readonly Claim[]): Promise<readonly Grant[] | StoreError> =>
    store.settle(claims).catch((error: unknown) => {
      if (error instanceof StoreError) return error;
      throw error;
    });
  const primaries = async (): Promise<readonly NodeView[]> =>
    (await cluster.view()).filter(({ slots }) => slots.length > 0);
  const ownerOf = async (slot: number): Promise<NodeView> =>
    (await primaries()).find(({ slots }) =>
      slots.some((range) => {
        const [from, to = from] = range.split('-').map(Number);
        return from! <= slot && slot <= to!;
      }),
    )!;

  describeCounterStore('Redis Cluster', async () => {
    let nowMs = 0;
    return { store: open({ nowMs: () => nowMs }), setTime: (time) => (nowMs = time) };
  });
  describeCounterStore('Redis Cluster, durable', async () => {
    let nowMs = 0;
    return { store: open({ nowMs: () => nowMs, durable: true }), setTime: (time) => (nowMs = time) };
  });

  test('nodes out of reach are told with the claims that fail', async () => {
    const address = { ...cluster.address, nodes: [{ host: '127.0.0.1', port: 1 }] };
    const events = new StoreEar();
    const parts = { gateway, clock: systemClock, events, durable: undefined };
    const store = new ClusterStore({ primaries: new ClusterPrimaries(address, parts) });
    const failed = await tried(store, [claimOn('nowhere')]);
    expect(failed instanceof StoreError && failed.message).toMatch(
      /no primary is known for slot \d+ .*ECONNREFUSED/,
    );
    await store.close();
  });

  test('slots are those that Redis finds', async () => {
    expect(keySlot('123456789')).toBe(0x31c3 % 16_384);
    const random = seededRandom();
    const alphabet = ['a', 'é', '{', '}', ':', '%3A', '🦊', '/'];
    for (let count = 0; count < 300; count += 1) {
      const key = Array.from({ length: random.below(12) }, () => random.pick(alphabet)).join('');
      const slot = await cluster.nodes[0]!.ask('CLUSTER', 'KEYSLOT', key);
      expect(keySlot(key), `seed ${random.seed}: ${JSON.stringify(key)}`).toBe(slot);
    }
  });

  test('counters lie on all primaries, those of path templates too', async () => {
    const store = open();
    const subjects = Array.from({ length: 64 }, (_, index) => `/v${index}/items/{id}`);
    const grants = await store.settle(subjects.map((subject) => claimOn(subject)));
    expect(grants.map(({ granted }) => granted)).toEqual(subjects.map(() => 1));
    for (const { port } of await primaries()) {
      const sizes = String(await cluster.at(port).ask('INFO', 'keyspace'));
      expect(Number(/keys=(\d+)/.exec(sizes)?.[1])).toBeGreaterThan(5);
    }
    await store.close();
  });

  test('tells how many gateways live, and leaves the rosters when it closes', async () => {
    const ear = new StoreEar();
    const one = open({ events: ear, name: 'one' });
    const two = open({ name: 'two' });
    await until(() => ear.gateways === 2);
    await two.close();
    await until(() => ear.gateways === 1);
    await one.close();
  });

  test('while a ledger of a later version stands, nothing is claimed on any node', async () => {
    const store = open();
    const claims = Array.from({ length: 12 }, (_, index) => claimOn(`newer-${index}`));
    const key = `sluice:${claims[5]!.key}`;
    const node = cluster.at((await ownerOf(keySlot(key))).port);
    await node.ask('HSET', key, 'v', 2);
    for (const asked of [claims, ...claims.map((claim) => [claim])]) {
      const failed = await tried(store, asked);
      expect(failed instanceof StoreError && failed.message).toMatch(/^the store speaks a newer format/);
    }
    expect(await node.ask('HLEN', key)).toBe(1);
    await node.ask('DEL', key);
    expect(await tried(store, [claimOn('newer-5')])).toMatchObject([{ granted: 1, used: 1 }]);
    await store.close();
  });

  test('a slot that moves under load loses no unit and counts none twice', { timeout: 60_000 }, async () => {
    const ear = new StoreEar();
    const store = open({ events: ear });
    const subjects = Array.from({ length: 20 }, (_, index) => `moving-${index}`);
    const slots = [...new Set(subjects.map((one) => keySlot(`sluice:${claimOn(one).key}`)))];
    let rounds = 0;
    let failures = 0;
    const end = new AbortController();
    const claiming = (async () => {
      while (!end.signal.aborted) {
        const answer = await tried(
          store,
          subjects.map((subject) => claimOn(subject)),
        );
        if (answer instanceof StoreError) failures += 1;
        else rounds += 1;
      }
    })();
    try {
      const all = await primaries();
      for (const slot of slots) {
        const from = await ownerOf(slot);
        const to = all[(all.findIndex(({ id }) => id === from.id) + 1) % all.length]!;
        await cluster.moveSlot(slot, from, to);
      }
    } finally {
      end.abort();
      await claiming;
    }
    const ledgers = await store.read(subjects.map((subject) => claimOn(subject).key));
    expect(failures).toBe(0);
    expect(rounds).toBeGreaterThan(slots.length);
    expect(new Set(ledgers.map((ledger) => ledger?.used))).toEqual(new Set([Math.min(rounds, hour.quota)]));
    expect(ear.losses).toBe(0);
    await store.close();
  });

  test('a half moved slot is asked where its counter is, at the old place or the new one', async () => {
    const store = open();
    const slot = keySlot(`sluice:${claimOn('here').key}`);
    const from = await ownerOf(slot);
    const to = (await primaries()).find(({ id }) => id !== from.id)!;
    await store.settle([claimOn('here')]);
    await cluster.at(to.port).ask('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.id);
    await cluster.at(from.port).ask('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id);
    expect(await store.settle([claimOn('here')])).toMatchObject([{ granted: 1, used: 2 }]);
    await cluster
      .at(from.port)
      .ask('MIGRATE', '127.0.0.1', to.port, `sluice:${claimOn('here').key}`, 0, 5000);
    expect(await store.settle([claimOn('here'), claimOn('here')])).toMatchObject([{ used: 3 }, { used: 4 }]);
    expect((await store.read([claimOn('here').key]))[0]?.used).toBe(4);
    for (const node of [to, from]) await cluster.at(node.port).ask('CLUSTER', 'SETSLOT', slot, 'NODE', to.id);
    expect(await store.settle([claimOn('here')])).toMatchObject([{ granted: 1, used: 5 }]);
    await store.close();
  });

  test('a slot that nobody serves fails as that, and is served again when somebody does', async () => {
    const store = open();
    const slot = keySlot(`sluice:${claimOn('down').key}`);
    await store.settle([claimOn('down')]);
    const owner = await ownerOf(slot);
    for (const node of cluster.nodes) await node.ask('CLUSTER', 'DELSLOTS', slot).catch(() => undefined);
    await until(async () => {
      const failed = await tried(store, [claimOn('down')]);
      return failed instanceof StoreError && /CLUSTERDOWN|no primary is known/.test(failed.message);
    });
    await cluster.at(owner.port).ask('CLUSTER', 'ADDSLOTS', slot);
    await until(async () => !((await tried(store, [claimOn('down')])) instanceof StoreError), 20_000);
    await cluster.untilWell();
    await store.close();
  });

  test('a claim counts only when the replica of its slot has it', async () => {
    const store = open({ durable: true });
    const claims = (held: number, window?: number): readonly Claim[] =>
      Array.from({ length: 12 }, (_, index) => claimOn(`durable-${index}`, { held, window }));
    const first = (await store.settle(claims(0))) as Grant[];
    const owner = await ownerOf(keySlot(`sluice:${claims(0)[0]!.key}`));
    const replica = (await cluster.view()).find(({ follows }) => follows === owner.id)!;
    cluster.at(replica.port).freeze();
    const failed = await tried(store, claims(1, first[0]!.window));
    cluster.at(replica.port).thaw();
    expect(failed).toMatchObject({ message: 'no replica has confirmed the claims within 200 ms' });
    await until(async () => {
      const grants = await tried(store, claims(1, first[0]!.window));
      return !(grants instanceof StoreError) && grants.every(({ used }) => used === 2);
    });
    await store.close();
  });

  test.each(['killed', 'frozen'] as const)(
    'a primary that is %s is replaced, a loss is suspected, and its slots are served again',
    { timeout: 60_000 },
    async (how) => {
      const ear = new StoreEar();
      const store = open({ events: ear });
      const subjects = Array.from({ length: 12 }, (_, index) => `${how}-${index}`);
      const claims = (): readonly Claim[] => subjects.map((subject) => claimOn(subject));
      await store.settle(claims());
      const lost = await ownerOf(keySlot(`sluice:${claims()[0]!.key}`));
      const losses = ear.losses;
      if (how === 'killed') await cluster.at(lost.port).kill();
      else cluster.at(lost.port).freeze();
      let grants: readonly Grant[] | StoreError | undefined;
      await until(async () => {
        grants = await tried(store, claims());
        return !(grants instanceof StoreError);
      }, 30_000);
      expect(ear.losses).toBeGreaterThan(losses);
      for (const { granted } of grants as readonly Grant[]) expect(granted).toBe(1);
      if (how === 'killed') await cluster.at(lost.port).restart();
      else cluster.at(lost.port).thaw();
      await cluster.untilWell();
      await until(async () => !((await tried(store, claims())) instanceof StoreError));
      await store.close();
    },
  );
});
