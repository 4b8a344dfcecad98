import type { ClusterAddress } from '../../src/stores/redis/cluster-primaries.ts';
import { slotCount } from '../../src/stores/redis/key-slot.ts';
import { freePort } from './ports.ts';
import { RedisServer } from './redis-server.ts';
import { until } from './until.ts';

/** A node as CLUSTER NODES describes it. */
export interface NodeView {
  readonly id: string;
  readonly port: number;
  readonly flags: readonly string[];
  readonly follows: string;
  readonly slots: readonly string[];
}

/** A private Redis Cluster of three primaries with one replica each. The test that starts it stops it. */
export class RedisCluster {
  readonly nodes: readonly RedisServer[];

  private constructor(nodes: readonly RedisServer[]) {
    this.nodes = nodes;
  }

  /** `settings` are further words of each node's command line. */
  static async start(nodeTimeoutMs = 1000, settings: readonly string[] = []): Promise<RedisCluster> {
    const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', String(nodeTimeoutMs), ...settings];
    const nodes: RedisServer[] = [];
    for (let count = 0; count < 6; count += 1) {
      const [port, busPort] = [await freePort(), await freePort()];
      const more = [
        '--cluster-port',
        String(busPort),
        '--repl-diskless-sync-delay',
        '0',
        '--cluster-replica-validity-factor',
        '0',
      ];
      nodes.push(await RedisServer.start([...args, ...more], port));
    }
    const cluster = new RedisCluster(nodes);
    await cluster.#join();
    return cluster;
  }

  get address(): ClusterAddress {
    return {
      nodes: this.nodes.slice(0, 3).map(({ port }) => ({ host: '127.0.0.1', port })),
      database: 0,
      tls: false,
      connectDeadlineMs: 1000,
      silenceMsMax: 500,
    };
  }

  at(port: number): RedisServer {
    const node = this.nodes.find((one) => one.port === port);
    if (node === undefined) throw new Error(`no node on port ${port}`);
    return node;
  }

  /** All nodes, as the first one that answers sees them. */
  async view(): Promise<readonly NodeView[]> {
    const answers = this.nodes.map((node) => viewOf(node));
    return Promise.any(answers);
  }

  /** Until every node knows all others as well, and every slot is served. */
  untilWell(deadlineMs = 30_000): Promise<void> {
    return until(async () => {
      const wells = await Promise.all(this.nodes.map((node) => isWell(node).catch(() => false)));
      return wells.every(Boolean);
    }, deadlineMs);
  }

  /** The primaries, each as it sees itself: others may lag behind. */
  async primaries(): Promise<readonly NodeView[]> {
    const own = await Promise.all(
      this.nodes.map(async (node) => (await viewOf(node)).find(({ flags }) => flags.includes('myself'))),
    );
    return own.filter((one) => one !== undefined && one.slots.length > 0) as readonly NodeView[];
  }

  /** Hands a slot over with its keys, as a reshard does, and tells all primaries. */
  async moveSlot(slot: number, from: NodeView, to: NodeView): Promise<void> {
    const [source, target] = [this.at(from.port), this.at(to.port)];
    await target.ask('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.id);
    await source.ask('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id);
    for (;;) {
      const keys = (await source.ask('CLUSTER', 'GETKEYSINSLOT', slot, 100)) as string[];
      if (keys.length === 0) break;
      await source.ask('MIGRATE', '127.0.0.1', to.port, '', 0, 5000, 'KEYS', ...keys);
    }
    const others = (await this.primaries()).map(({ port }) => this.at(port));
    for (const node of new Set([target, source, ...others])) {
      await node.ask('CLUSTER', 'SETSLOT', slot, 'NODE', to.id);
    }
  }

  async stop(): Promise<void> {
    for (const node of this.nodes) node.thaw();
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  async #join(): Promise<void> {
    const [first, ...others] = this.nodes;
    for (const [index, node] of this.nodes.entries())
      await node.ask('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
    for (const [index, node] of this.nodes.slice(0, 3).entries()) {
      const from = Math.floor((index * slotCount) / 3);
      const to = Math.floor(((index + 1) * slotCount) / 3) - 1;
      await node.ask('CLUSTER', 'ADDSLOTSRANGE', from, to);
    }
    for (const node of others) {
      const bus = await busPort(node);
      await first!.ask('CLUSTER', 'MEET', '127.0.0.1', node.port, bus);
    }
    await until(
      async () => (await Promise.all(this.nodes.map(knownBy))).every((known) => known === 6),
      20_000,
    );
    const ids = await Promise.all(this.nodes.map((node) => node.ask('CLUSTER', 'MYID')));
    for (const [index, node] of this.nodes.slice(3).entries()) {
      await until(async () => {
        const answer = await node.ask('CLUSTER', 'REPLICATE', String(ids[index])).catch(() => undefined);
        return answer === 'OK';
      });
    }
    await this.untilWell();
  }
}

async function busPort(node: RedisServer): Promise<number> {
  const answer = (await node.ask('CONFIG', 'GET', 'cluster-port')) as string[];
  return Number(answer[1]);
}

async function knownBy(node: RedisServer): Promise<number> {
  const views = await viewOf(node);
  return views.filter(({ flags }) => !flags.includes('handshake')).length;
}

async function isWell(node: RedisServer): Promise<boolean> {
  const info = String(await node.ask('CLUSTER', 'INFO'));
  const views = await viewOf(node);
  const replication = String(await node.ask('INFO', 'replication'));
  const isLinked = replication.includes('role:master') || replication.includes('master_link_status:up');
  const primaries = views.filter(({ slots }) => slots.length > 0);
  const replicas = views.filter(({ flags }) => flags.includes('slave'));
  const allWell = views.every(
    ({ flags }) => !flags.some((flag) => flag.startsWith('fail') || flag === 'handshake'),
  );
  return (
    isLinked &&
    info.includes('cluster_state:ok') &&
    allWell &&
    primaries.length === 3 &&
    replicas.length === 3
  );
}

async function viewOf(node: RedisServer): Promise<readonly NodeView[]> {
  const text = String(await node.ask('CLUSTER', 'NODES'));
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [id = '', address = '', flags = '', follows = '', , , , , ...ranges] = line.split(' ');
      // Slots on the move stand in brackets, also on replicas of Valkey, which hear of them.
      const slots = ranges.filter((range) => !range.startsWith('['));
      return { id, port: Number(/:(\d+)@/.exec(address)?.[1]), flags: flags.split(','), follows, slots };
    });
}
