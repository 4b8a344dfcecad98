import { setTimeout as sleep } from 'node:timers/promises';
import { keySlot } from '../../src/stores/redis/key-slot.ts';
import type { OnFailure } from '../chaos/limits.ts';
import { RedisCluster } from '../support/redis-cluster.ts';
import { RedisSentinels } from '../support/redis-sentinels.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { until } from '../support/until.ts';
import { LinkProxy } from './link-proxy.ts';

export type Durability = 'primary' | 'replica';

/** A Redis that can fail over, and how. */
export interface FailoverSetup {
  readonly servers: readonly RedisServer[];
  /** The deployment.toml of gateways that count in it. */
  deployment(onFailure: OnFailure, durability: Durability): string;
  /** Before the load: replication is slow from the first write on, where a fault needs it to be. */
  prepare(fault: FailoverFault): void;
  /** Begins a fault of the primary, or of one of them; the promise resolves to what ends it. */
  begin(fault: FailoverFault): Promise<() => Promise<void>>;
  /** Until the next fault can begin. */
  untilWell(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * `kill`: the primary is gone for good, and comes back empty as a replica. `freeze`: it neither answers nor closes for four seconds.
 * `partition`: replicas hear of writes 20 ms late, then the primary is cut off from them and from the sentinels for four seconds, but
 * not from the gateways. `isolation`: from the gateways as well. `crash`: a partition in which one gateway is killed before the
 * failover, with all that it knew. `reshard`: slots of the counters move all the time.
 */
export const sentinelFaults = ['kill', 'freeze', 'partition', 'isolation', 'crash'] as const;
export const clusterFaults = ['kill', 'freeze', 'reshard'] as const;
export type FailoverFault = (typeof sentinelFaults)[number] | (typeof clusterFaults)[number];

const replicationDelayMs = 20;
const handoverEveryMs = 100;

export async function startSentinelSetup(): Promise<FailoverSetup> {
  const proxies: LinkProxy[] = [];
  const announced = async (port: number): Promise<number> => {
    const proxy = await LinkProxy.start(port);
    proxies.push(proxy);
    return proxy.port;
  };
  const setup = await RedisSentinels.start({ downAfterMs: 1000, announced });
  const endpoints = setup.sentinels.map(({ port }) => `"127.0.0.1:${port}"`).join(', ');
  return {
    servers: setup.servers,
    deployment: deploymentOf(`sentinels = [${endpoints}]\nmaster_name = "limits"`),
    prepare(fault) {
      const isSlow = fault !== 'kill' && fault !== 'freeze';
      for (const proxy of proxies) proxy.replicationDelayMs = isSlow ? replicationDelayMs : 0;
    },
    async begin(fault) {
      const primary = await setup.primary();
      if (fault === 'kill') {
        await primary.kill();
        return async () => {
          await until(async () => (await setup.primary()) !== primary, 30_000);
          await primary.restart();
        };
      }
      if (fault === 'freeze') {
        primary.freeze();
        return async () => primary.thaw();
      }
      if (fault === 'reshard') throw new Error('no slots with sentinels');
      const index = setup.servers.indexOf(primary);
      const port = setup.announcedPorts[index];
      const proxy = proxies.find((one) => one.port === port)!;
      proxy.cutOff(fault === 'isolation' ? ['sentinel', 'replica', 'gateway'] : ['sentinel', 'replica']);
      return async () => proxy.heal();
    },
    async untilWell() {
      await setup.untilWatched();
    },
    async stop() {
      await setup.stop();
      await Promise.all(proxies.map((proxy) => proxy.close()));
    },
  };
}

export async function startClusterSetup(): Promise<FailoverSetup> {
  const setup = await RedisCluster.start();
  const nodes = setup.address.nodes.map(({ host, port }) => `"${host}:${port}"`).join(', ');
  let turn = 0;
  return {
    servers: setup.nodes,
    deployment: deploymentOf(`cluster_nodes = [${nodes}]`),
    prepare() {},
    async begin(fault) {
      if (fault === 'reshard') return beginReshard(setup);
      const primaries = (await setup.view()).filter(({ slots }) => slots.length > 0);
      turn += 1;
      const chosen = primaries[turn % primaries.length]!;
      const server = setup.at(chosen.port);
      if (fault === 'kill') {
        await server.kill();
        return async () => {
          await until(async () => {
            const now = (await setup.view()).find(({ port }) => port === chosen.port);
            return now?.slots.length === 0;
          }, 30_000);
          await server.restart();
        };
      }
      if (fault === 'freeze') {
        server.freeze();
        return async () => server.thaw();
      }
      throw new Error(`no ${fault} of a cluster`);
    },
    untilWell: () => setup.untilWell(60_000),
    stop: () => setup.stop(),
  };
}

/** Hands the slots of all counters over to the next primary, one after the other and round and round. */
function beginReshard(setup: RedisCluster): () => Promise<void> {
  const end = new AbortController();
  const moving = (async () => {
    while (!end.signal.aborted) {
      const primaries = await setup.primaries();
      for (const [index, from] of primaries.entries()) {
        const keys = (await setup.at(from.port).ask('KEYS', 'sluice:[sb]*')) as string[];
        const to = primaries[(index + 1) % primaries.length]!;
        const [slot] = new Set(keys.map(keySlot));
        if (slot !== undefined) await setup.moveSlot(slot, from, to);
      }
      await sleep(handoverEveryMs);
    }
  })();
  return async () => {
    end.abort();
    await moving;
  };
}

function deploymentOf(redis: string): FailoverSetup['deployment'] {
  return (onFailure, durability) => `
[apim.redis_config]
gateway_id = "test"

[sluice.redis]
${redis}

[throttle_properties]
'throttling.distributed.counter.type' = "redis"

[sluice.store]
on_failure = "${onFailure}"
durability = "${durability}"
`;
}
