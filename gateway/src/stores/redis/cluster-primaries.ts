import type { Redis } from 'ioredis';
import type { GatewayId } from '../../limits/claim.ts';
import type { Clock } from '../../limits/clock.ts';
import type { StoreEvents } from '../../limits/counter-store.ts';
import { isReply } from './ask.ts';
import { ClaimPipeline } from './claim-pipeline.ts';
import { ClusterParts } from './cluster-parts.ts';
import {
  connectPlain,
  connectRedis,
  type Endpoint,
  type RedisAccess,
  type RedisWithScripts,
  untilConnected,
} from './connect.ts';
import { Heartbeat } from './heartbeat.ts';
import { clusterView, type ClusterView, endpointOf, nodeName, rostersOf } from './slot-map.ts';

/** A Redis Cluster. */
export interface ClusterAddress extends RedisAccess {
  /** Whom to ask first; any node knows the others. */
  readonly nodes: readonly Endpoint[];
}

/** One primary of the cluster, with the connections to it. */
export interface ClusterPrimary {
  readonly name: string;
  readonly redis: RedisWithScripts;
  readonly claims: ClaimPipeline;
  readonly heartbeat: Heartbeat;
}

const askEveryMs = 500;
const nodeSilenceMsMax = 300;
/** A node to which others have sent us stays connected for so long. */
const keptMs = 10_000;

/**
 * The primaries of a cluster and their slots. All nodes that are known are asked twice a second, and when one of them redirects
 * or fails; the view with the highest epoch wins, so a node that is cut off has no say. When a slot's primary has been replaced,
 * data may be lost: replicas lag behind.
 */
export class ClusterPrimaries {
  readonly #address: ClusterAddress;
  readonly #parts: {
    readonly gateway: GatewayId;
    readonly clock: Clock;
    readonly events: StoreEvents;
    readonly durable: { readonly lanes: number; readonly replicaWaitMs: number } | undefined;
  };
  readonly #primaries = new Map<string, ClusterPrimary>();
  /** How many gateways each primary has heard of. */
  readonly #counted = new Map<string, number>();
  #withSlots: ReadonlySet<string> = new Set();
  /** When nodes were named by others. */
  readonly #namedAtMs = new Map<string, number>();
  readonly #seeds: readonly { readonly redis: Redis; readonly at: Endpoint }[];
  #epoch = -1;
  #owners: (string | undefined)[] = [];
  readonly #clusterParts = new ClusterParts();
  #asking: Promise<void> | undefined;
  #lastError = 'no node of the cluster has answered';
  #cancelNext = (): void => {};
  #closed = false;
  /** Resolves when the slots are known and each primary has been reached, or when nobody has answered. */
  readonly firstContact: Promise<void>;

  constructor(
    address: ClusterAddress,
    parts: {
      readonly gateway: GatewayId;
      readonly clock: Clock;
      readonly events: StoreEvents;
      readonly durable: { readonly lanes: number; readonly replicaWaitMs: number } | undefined;
    },
  ) {
    this.#address = address;
    this.#parts = parts;
    const access = { ...address, silenceMsMax: Math.min(address.silenceMsMax, nodeSilenceMsMax) };
    this.#seeds = address.nodes.map((at) => {
      const redis = connectPlain({ ...access, ...at });
      redis.on('error', (error: Error) => {
        this.#lastError = `the node at ${nodeName(at)}: ${error.message}`;
      });
      return { redis, at };
    });
    this.firstContact = this.refresh().then(async () => {
      await Promise.all([...this.#primaries.values()].map(({ heartbeat }) => heartbeat.firstContact));
    });
    this.#askLater();
  }

  get gateways(): number {
    return Math.max(0, ...this.#counted.values());
  }

  /** Why a primary isn't known. */
  get lastError(): string {
    return this.#lastError;
  }

  ofSlot(slot: number): ClusterPrimary | undefined {
    const name = this.#owners[slot];
    return name === undefined ? undefined : this.#primaries.get(name);
  }

  /** The part of the cluster that has this slot. */
  partOf(slot: number): string | undefined {
    return this.#clusterParts.of(this.#owners[slot]);
  }

  /** A node has said that another one has a slot now. */
  moved(slot: number, name: string): ClusterPrimary {
    this.#clusterParts.moved({ from: this.#owners[slot], to: name });
    this.#owners[slot] = name;
    void this.refresh();
    return this.named(name);
  }

  /** A node has sent us to another one: it is kept for a while, even if it hasn't got a slot yet. */
  named(name: string): ClusterPrimary {
    this.#namedAtMs.set(name, this.#parts.clock.monotonicMs());
    return this.#at(name);
  }

  /** Asks who has which slots. Never rejects. */
  refresh(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelNext();
    for (const { redis } of this.#seeds) redis.disconnect();
    await Promise.all([...this.#primaries.values()].map((primary) => this.#shut(primary)));
  }

  #askLater(): void {
    this.#cancelNext = this.#parts.clock.after(askEveryMs, () => {
      void this.refresh().then(() => {
        if (!this.#closed) this.#askLater();
      });
    });
  }

  async #ask(): Promise<void> {
    const primaries = [...this.#primaries.values()].map(({ redis, name }) => ({
      redis,
      at: endpointOf(name),
    }));
    const views = await Promise.all([...this.#seeds, ...primaries].map((node) => this.#askOne(node)));
    if (this.#closed) return;
    const [first, ...others] = views.filter((view) => view !== undefined);
    if (first === undefined) return;
    const best = others.reduce((best, view) => (view.epoch > best.epoch ? view : best), first);
    // When all nodes agree on less, the cluster has been set up anew.
    const isAnew = others.length + 1 === views.length;
    if (best.epoch >= this.#epoch || isAnew) this.#adopt(best);
    this.#dismissOthers();
  }

  async #askOne({ redis, at }: { redis: Redis; at: Endpoint }): Promise<ClusterView | undefined> {
    await untilConnected(redis);
    try {
      const [info, slots] = await Promise.all([redis.cluster('INFO'), redis.cluster('SLOTS')]);
      const view = clusterView(info, slots, at);
      if (view !== undefined && view.epoch > this.#epoch && !this.#closed) this.#adopt(view);
      return view;
    } catch (error) {
      // Why there is no connection is told by its own event.
      if (isReply(error)) this.#lastError = error.message;
      return undefined;
    }
  }

  #at(name: string): ClusterPrimary {
    const known = this.#primaries.get(name);
    if (known !== undefined) return known;
    const opened = this.#open(name);
    this.#primaries.set(name, opened);
    return opened;
  }

  #adopt(view: ClusterView): void {
    const before = this.#owners;
    if (view.epoch === this.#epoch && view.owners.every((name, slot) => name === before[slot])) return;
    this.#clusterParts.changed({ before, after: view.owners });
    this.#epoch = view.epoch;
    this.#owners = [...view.owners];
    const rosters = rostersOf(view.owners);
    const withSlots = new Set(view.owners.filter((name) => name !== undefined));
    for (const name of withSlots) this.#at(name).heartbeat.moveTo(rosters.get(name));
    this.#withSlots = withSlots;
    this.#dismissOthers();
    // A slot that was handed over took its ledgers along; one whose primary is none any more went to a replica.
    const isReplaced = before.some((name) => name !== undefined && !withSlots.has(name));
    if (isReplaced) this.#parts.events.lossSuspected();
  }

  /** Nodes without slots have failed, or are about to get their first one. */
  #dismissOthers(): void {
    const nowMs = this.#parts.clock.monotonicMs();
    for (const [name, primary] of this.#primaries) {
      if (this.#withSlots.has(name)) continue;
      this.#counted.delete(name);
      primary.heartbeat.moveTo(undefined);
      if (nowMs - (this.#namedAtMs.get(name) ?? -keptMs) < keptMs) continue;
      this.#namedAtMs.delete(name);
      this.#primaries.delete(name);
      void this.#shut(primary);
    }
  }

  #open(name: string): ClusterPrimary {
    const { gateway, clock, events, durable } = this.#parts;
    const address = { ...this.#address, ...endpointOf(name), database: 0 };
    const redis = connectRedis(address);
    redis.on('error', (error: Error) => {
      this.#lastError = `the node at ${name}: ${error.message}`;
      void this.refresh();
    });
    const lanes =
      durable === undefined ? [redis] : Array.from({ length: durable.lanes }, () => connectRedis(address));
    const claims = new ClaimPipeline({ lanes, replicaWaitMs: durable?.replicaWaitMs });
    const heartbeat = new Heartbeat({
      redis,
      roster: undefined,
      gateway,
      clock,
      events: {
        lossSuspected: () => events.lossSuspected(),
        counted: (gateways) => {
          this.#counted.set(name, gateways);
          events.gatewaysCounted(this.gateways);
        },
      },
    });
    return { name, redis, claims, heartbeat };
  }

  async #shut({ redis, claims, heartbeat }: ClusterPrimary): Promise<void> {
    await heartbeat.close();
    claims.close();
    redis.disconnect();
  }
}
