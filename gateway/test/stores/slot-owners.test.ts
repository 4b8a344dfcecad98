import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RedisSettings } from '../../src/config/config.ts';
import { StoreError } from '../../src/limits/counter-store.ts';
import { FileExchange } from '../../src/sharing/file-exchange.ts';
import { userLine } from '../../src/stores/redis/acl.ts';
import { keySlot } from '../../src/stores/redis/key-slot.ts';
import { RedisScripts } from '../../src/stores/redis/redis-scripts.ts';
import { clusterView } from '../../src/stores/redis/slot-map.ts';
import { systemClock } from '../../src/system-clock.ts';
import { RedisBook } from '../../src/websub/redis-book.ts';
import type { Subscriber } from '../../src/websub/subscriber.ts';
import type { Place } from '../../src/websub/subscriber-book.ts';
import { type NodeView, RedisCluster } from '../support/redis-cluster.ts';
import { redisMissing, type RedisServer } from '../support/redis-server.ts';
import { until } from '../support/until.ts';

const path = 'policies/Gold.yaml';
const slot = keySlot('sluice:files:tests');

/** Every case with the least rights that are said to be enough. */
describe.skipIf(redisMissing)('files and subscribers in a Redis Cluster', () => {
  let cluster: RedisCluster;
  let one: FileExchange;
  let two: FileExchange;
  let books: readonly RedisBook[];
  const opened: { close(): unknown }[] = [];
  const kept = <T extends { close(): unknown }>(owner: T): T => {
    opened.push(owner);
    return owner;
  };

  beforeAll(async () => {
    cluster = await RedisCluster.start();
    for (const node of cluster.nodes) await grant(node);
    one = exchange();
    two = exchange();
    books = [1, 2].map(() => kept(new RedisBook(new RedisScripts(settings(), systemClock))));
  });
  afterAll(async () => {
    for (const owner of opened) await owner.close();
    await cluster?.stop();
  });

  const grant = (node: RedisServer): Promise<unknown> => {
    const use = { database: 0, isCluster: true, isDurable: false, isHub: true };
    const line = userLine('least', use).replace('>PASSWORD', '>secret');
    return node.ask('ACL', ...line.split(' ').slice(1));
  };
  const settings = (more: Partial<RedisSettings> = {}): RedisSettings =>
    ({
      kind: 'redis',
      topology: 'cluster',
      durability: 'primary',
      ...cluster.address,
      user: 'least',
      password: 'secret',
      ...more,
    }) as RedisSettings;
  const exchange = (name = 'tests', more: Partial<RedisSettings> = {}): FileExchange =>
    kept(FileExchange.open(settings(more), name, systemClock));
  /** Once all nodes agree. */
  const ownerOf = async (wanted: number): Promise<NodeView> => {
    let named = new Set<string | undefined>();
    await until(async () => {
      const views = await Promise.all(
        cluster.nodes.map(async (node) =>
          clusterView(await node.ask('CLUSTER', 'INFO'), await node.ask('CLUSTER', 'SLOTS'), node.address),
        ),
      );
      named = new Set(views.map((view) => view?.owners[wanted]));
      return named.size === 1 && !named.has(undefined);
    });
    const [name = ''] = named;
    return (await cluster.primaries()).find(({ port }) => name.endsWith(`:${port}`))!;
  };
  const otherThan = async (owner: NodeView): Promise<NodeView> =>
    (await cluster.primaries()).find(({ id }) => id !== owner.id)!;
  const tried = async <T>(answer: Promise<T>): Promise<T | undefined> => {
    try {
      return await answer;
    } catch (error) {
      if (error instanceof StoreError) return undefined;
      throw error;
    }
  };
  /** Counts in the body of an entry; what failed may have counted. */
  const addOne = async (by: FileExchange): Promise<number | undefined> => {
    const [revision = '0', count = '0'] = ((await by.entry(path)) ?? '').split(' ');
    const body = String(Number(count) + 1);
    return by.publish({ path, body, expected: Number(revision), floor: 0 });
  };
  const untilAdded = async (by: FileExchange): Promise<void> => {
    await until(async () => (await tried(addOne(by))) !== undefined, 30_000);
  };
  const countIn = async (by: FileExchange): Promise<number> => Number((await by.entry(path))?.split(' ')[1]);
  /** Until the replicas of all have what their primaries have. */
  const replicated = async (): Promise<void> => {
    for (const { port } of await cluster.primaries())
      await until(async () => {
        const info = String(await cluster.at(port).ask('INFO', 'replication'));
        const [, offset] = /^master_repl_offset:(\d+)/m.exec(info) ?? [];
        return info.includes(`state=online,offset=${offset},`);
      });
  };
  const begin = async (moving: number, from: NodeView, to: NodeView): Promise<void> => {
    await cluster.at(to.port).ask('CLUSTER', 'SETSLOT', moving, 'IMPORTING', from.id);
    await cluster.at(from.port).ask('CLUSTER', 'SETSLOT', moving, 'MIGRATING', to.id);
  };

  test('what one publishes the other sees, wherever their names lie', async () => {
    const owners = new Set<number>();
    for (const name of ['tests', 'a', 'b', 'c', 'd', 'e', 'f', 'g']) {
      owners.add((await ownerOf(keySlot(`sluice:files:${name}`))).port);
      const [left, right] = [exchange(name), exchange(name)];
      expect(await left.publish({ path, body: 'text', expected: 0, floor: 0 })).toBe(1);
      expect(await right.entry(path)).toBe('1 text');
      expect(await right.publish({ path, body: 'late', expected: 0, floor: 0 })).toBeUndefined();
      expect(await right.publish({ path, body: '0', expected: 1, floor: 0 })).toBe(2);
      expect(await left.all()).toEqual({ revision: '2', entries: new Map([[path, '2 0']]) });
    }
    expect(owners.size).toBe(3);
  });

  test('while their slot moves, nothing fails, and each change has seen the one before', async () => {
    const before = await countIn(one);
    const end = new AbortController();
    let added = 0;
    const adding = [one, two].map(async (by) => {
      while (!end.signal.aborted) if ((await addOne(by)) !== undefined) added += 1;
    });
    for (let round = 0; round < 4; round += 1) {
      const owner = await ownerOf(slot);
      const from = added;
      await cluster.moveSlot(slot, owner, await otherThan(owner));
      await until(() => added > from);
    }
    // Half way: the key is where the slot isn't yet.
    const owner = await ownerOf(slot);
    const other = await otherThan(owner);
    await begin(slot, owner, other);
    await cluster.at(owner.port).ask('MIGRATE', '127.0.0.1', other.port, 'sluice:files:tests', 0, 5000);
    const from = added;
    await until(() => added > from + 10);
    await cluster.moveSlot(slot, owner, other);
    end.abort();
    await Promise.all(adding);
    for (const by of [one, two]) expect(await countIn(by)).toBe(before + added);
  });

  test('a cap holds for all, and a change waits while its keys are on two nodes', async () => {
    const place = (callback: string): Place => ({ api: '/hub:1', topic: '/t', application: 'app', callback });
    const facts = { id: 'app', name: 'app', owner: 'o', tier: 'Unlimited', plan: 'Gold' };
    const subscribed = (callback: string): Subscriber => {
      return { callback, application: facts, user: 'o', keyType: 'PRODUCTION', secret: 's' };
    };
    const [left, right] = books as [RedisBook, RedisBook];
    const took = await Promise.all(
      Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? left : right).reserve(place(`c${at}`), 7)),
    );
    expect(took.filter(Boolean)).toHaveLength(7);
    const callback = `c${took.indexOf(true)}`;
    const confirm = (by: RedisBook): Promise<boolean> =>
      by.confirm(place(callback), 7, { subscriber: subscribed(callback), leaseMs: 3_600_000 });

    const moving = keySlot(`{${encodeURIComponent('/hub:1')}}`);
    const owner = await ownerOf(moving);
    const other = await otherThan(owner);
    await begin(moving, owner, other);
    const [key = ''] = (await cluster.at(owner.port).ask('CLUSTER', 'GETKEYSINSLOT', moving, 1)) as string[];
    await cluster.at(owner.port).ask('MIGRATE', '127.0.0.1', other.port, key, 0, 5000);
    const confirmed = confirm(left);
    const { nodes } = cluster;
    await until(async () => {
      const told = await Promise.all(nodes.map((node) => node.ask('INFO', 'errorstats')));
      return told.join('').includes('errorstat_TRYAGAIN');
    });
    await cluster.moveSlot(moving, owner, other);
    expect(await confirmed).toBe(true);
    expect(await right.subscribers('/hub:1', '/t')).toEqual([subscribed(callback)]);
    expect(await right.reserve(place('late'), 7)).toBe(false);
  });

  test('a slot that nobody has is an error until somebody has it', async () => {
    const lost = keySlot('sluice:files:a');
    const owner = await ownerOf(lost);
    const here = exchange('a');
    expect(await here.revision()).toBe('2');
    for (const { port } of cluster.nodes) await cluster.at(port).ask('CLUSTER', 'DELSLOTS', lost);
    await expect(here.revision()).rejects.toThrow(StoreError);
    await expect(here.revision()).rejects.toThrow(/CLUSTERDOWN/);
    await cluster.at(owner.port).ask('CLUSTER', 'ADDSLOTS', lost);
    await until(async () => (await tried(here.revision())) === '2', 20_000);
    await cluster.untilWell();
  });

  test.each([
    ['is killed', (node: RedisServer) => node.kill(), (node: RedisServer) => node.restart()],
    ['freezes', async (node: RedisServer) => node.freeze(), async (node: RedisServer) => node.thaw()],
  ])('goes on with a replica when the primary %s', async (_, fail, mend) => {
    await untilAdded(one);
    await untilAdded(two);
    await replicated();
    const before = await countIn(one);
    const owner = await ownerOf(slot);
    await fail(cluster.at(owner.port));
    await expect(one.entry(path)).rejects.toThrow(StoreError);
    await untilAdded(one);
    await untilAdded(two);
    const after = await countIn(one);
    expect(after).toBeGreaterThanOrEqual(before + 2);
    await mend(cluster.at(owner.port));
    await grant(cluster.at(owner.port));
    await cluster.untilWell();
    for (const by of [one, two, exchange()]) expect(await countIn(by)).toBe(after);
  });

  test('is there when some of the nodes that were named are not', async () => {
    const nodes = [{ host: '127.0.0.1', port: 1 }, ...cluster.address.nodes];
    expect(await exchange('tests', { nodes }).revision()).toMatch(/^\d+$/);
  });

  test.each([
    [
      'no node is there',
      { nodes: [{ host: '127.0.0.1', port: 1 }] },
      /no connection to the node at 127\.0\.0\.1:1: .*ECONNREFUSED/,
    ],
    ['the password is wrong', { password: 'not so' }, /WRONGPASS/],
  ])('when %s the error says so', async (_, more, words) => {
    const nowhere = exchange('tests', more);
    const error = await nowhere.revision().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StoreError);
    expect(String(error)).toMatch(words);
    expect(String(error)).not.toContain('not so');
  });
});
