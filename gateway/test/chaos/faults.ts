import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { RedisServer } from '../support/redis-server.ts';
import { until } from '../support/until.ts';
import type { ChaosCluster } from './cluster.ts';
import type { Disturbance } from './fault-proxy.ts';

/** Something that goes wrong for a while. */
export interface Fault {
  readonly name: string;
  readonly lastsMs: number;
  /** Redis forgets what it had acknowledged: I2 bounds what that may cost. */
  readonly losesData?: true;
  /** A gateway ends: requests on their way through it may stay unanswered. */
  readonly endsGateway?: true;
  /** It begins while nobody asks for anything; else two to three seconds after the load. */
  readonly beforeLoad?: true;
  begin(cluster: ChaosCluster): Promise<void>;
  end(cluster: ChaosCluster): Promise<void>;
}

const shortMs = 300;
const hourMs = 3_600_000;
/** Not a whole number of windows: a clock that is wrong by whole windows would still agree where they begin. */
const oddMs = 437;

/** Every fault of the chaos run, in the order it runs them. */
export const faults: readonly Fault[] = [
  freeze(50),
  freeze(180),
  freeze(600),
  freeze(5000),
  {
    name: 'kill',
    lastsMs: 1000,
    losesData: true,
    begin: (cluster) => cluster.killRedis(),
    end: (cluster) => cluster.restartRedis(),
  },
  redisCommand({ name: 'flushall', losesData: true }, ['FLUSHALL']),
  redisCommand({ name: 'script-flush' }, ['SCRIPT', 'FLUSH']),
  {
    name: 'out-of-memory',
    lastsMs: 1000,
    async begin(cluster) {
      await cluster.command('CONFIG', 'SET', 'maxmemory', 1);
    },
    async end(cluster) {
      await cluster.command('CONFIG', 'SET', 'maxmemory', 0);
    },
  },
  disturbed('slow-30', { kind: 'delay', delayMs: 15 }),
  disturbed('slow-120', { kind: 'delay', delayMs: 60 }),
  disturbed('slow-300', { kind: 'delay', delayMs: 150 }),
  disturbed('half-open', { kind: 'swallow' }),
  disturbed('garbage', { kind: 'garbage', probability: 0.2 }),
  disturbed('cut', { kind: 'cut', probability: 0.2 }),
  {
    ...disturbed('one-cut-off', { kind: 'none' }),
    begin: ({ proxies }) => proxies[0]!.refuse(),
    end: ({ proxies }) => proxies[0]!.accept(),
  },
  demoted(),
  {
    name: 'gateway-kill',
    lastsMs: 500,
    endsGateway: true,
    begin: ({ gateways }) => gateways[0]!.end('SIGKILL'),
    end: ({ gateways }) => gateways[0]!.start(),
  },
  {
    name: 'gateway-restart',
    lastsMs: 500,
    endsGateway: true,
    begin: ({ gateways }) => gateways[0]!.end('SIGTERM'),
    end: ({ gateways }) => gateways[0]!.start(),
  },
  {
    name: 'lost-while-idle',
    lastsMs: 3000,
    losesData: true,
    beforeLoad: true,
    async begin(cluster) {
      await Promise.all(cluster.gateways.map((gateway) => gateway.end('SIGTERM')));
      await Promise.all(cluster.gateways.map((gateway) => gateway.start()));
      // Time enough for heartbeats to tell each how many they are.
      await sleep(1000);
      await cluster.killRedis();
    },
    end: (cluster) => cluster.restartRedis(),
  },
  wrongClock('clock-ahead', hourMs + oddMs),
  wrongClock('clock-behind', -hourMs - oddMs),
];

/** The fault of that name. */
export function faultNamed(name: string): Fault {
  const fault = faults.find((one) => one.name === name);
  if (fault !== undefined) return fault;
  throw new Error(`no fault "${name}"; there are ${faults.map((one) => one.name).join(', ')}`);
}

/** Several faults as one, each shorter, with a moment between them. None of them may lose data. */
export function inTurn(several: readonly Fault[]): Fault {
  return {
    name: several.map(({ name }) => name).join('+'),
    lastsMs: 0,
    ...(several.some(({ endsGateway }) => endsGateway) && { endsGateway: true }),
    async begin(cluster) {
      for (const fault of several) {
        await fault.begin(cluster);
        await sleep(Math.min(fault.lastsMs, shortMs));
        await fault.end(cluster);
        await sleep(shortMs);
      }
    },
    async end() {},
  };
}

/** Redis neither answers nor closes. */
function freeze(lastsMs: number): Fault {
  return {
    name: `freeze-${lastsMs}`,
    lastsMs,
    async begin({ redis }) {
      redis.freeze();
    },
    async end({ redis }) {
      redis.thaw();
    },
  };
}

/** Over as soon as it was said. */
function redisCommand(
  fault: Pick<Fault, 'name' | 'losesData'>,
  [name, ...args]: readonly [string, ...string[]],
): Fault {
  return {
    ...fault,
    lastsMs: 0,
    async begin(cluster) {
      await cluster.command(name, ...args);
    },
    async end() {},
  };
}

/** On the way of all gateways to Redis. */
function disturbed(name: string, disturbance: Disturbance): Fault {
  const disturb = (cluster: ChaosCluster, now: Disturbance): void => {
    for (const proxy of cluster.proxies) proxy.disturb(now);
  };
  return {
    name,
    lastsMs: 1500,
    async begin(cluster) {
      disturb(cluster, disturbance);
    },
    async end(cluster) {
      disturb(cluster, { kind: 'none' });
    },
  };
}

/** The primary hands over to its replica and answers READONLY, until it is made the primary again. It loses nothing. */
function demoted(): Fault {
  let other: RedisServer | undefined;
  const role = async (cluster: ChaosCluster): Promise<unknown> => {
    const answer = await cluster.command('ROLE');
    return Array.isArray(answer) ? answer[0] : undefined;
  };
  return {
    name: 'demoted',
    lastsMs: 1500,
    async begin(cluster) {
      other = await RedisServer.start();
      const replica = new Redis({ host: '127.0.0.1', port: other.port });
      await replica.replicaof('127.0.0.1', cluster.redis.port);
      replica.disconnect();
      await until(async () => String(await cluster.command('INFO', 'replication')).includes('state=online'));
      await cluster.command('FAILOVER', 'TO', '127.0.0.1', other.port);
      await until(async () => (await role(cluster)) === 'slave');
    },
    async end(cluster) {
      await cluster.command('REPLICAOF', 'NO', 'ONE');
      await other?.stop();
    },
  };
}

/** One gateway's wall clock jumps, and later jumps back. */
function wrongClock(name: string, shiftMs: number): Fault {
  return {
    name,
    lastsMs: 2500,
    async begin({ gateways }) {
      gateways[0]!.shiftClock(shiftMs);
    },
    async end({ gateways }) {
      gateways[0]!.shiftClock(0);
    },
  };
}
