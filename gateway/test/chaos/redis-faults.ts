import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { RedisServer } from '../support/redis-server.ts';
import { until } from '../support/until.ts';
import type { ChaosCluster } from './cluster.ts';
import { gatewayEnds, wrongClock, type Fault } from './fault.ts';
import type { Disturbance } from './fault-proxy.ts';
import type { RedisGround } from './redis-ground.ts';

type OnRedis = ChaosCluster<RedisGround>;

/** Wrong types, wrong lengths, and no protocol at all. Never a well-formed grant: a store that lies can't be found out. */
const garbage: readonly Buffer[] = [
  Buffer.from('+OK\r\n'),
  Buffer.from(':1\r\n'),
  Buffer.from('*0\r\n'),
  Buffer.from('*5\r\n$1\r\nx\r\n$-1\r\n:0\r\n:1\r\n+y\r\n'),
  Buffer.from('-ERR nonsense\r\n'),
  Buffer.from('*-7\r\n'),
  Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
  Buffer.from([0, 255, 254, 1, 2, 3, 13, 10, 200]),
];

/** Every fault of gateways that count in Redis, in the order the chaos run has them. */
export const redisFaults: readonly Fault<RedisGround>[] = [
  freeze(50),
  freeze(180),
  freeze(600),
  freeze(5000),
  {
    name: 'kill',
    lastsMs: 1000,
    losesData: true,
    begin: ({ ground }) => ground.killRedis(),
    end: ({ ground }) => ground.restartRedis(),
  },
  redisCommand({ name: 'flushall', losesData: true }, ['FLUSHALL']),
  redisCommand({ name: 'script-flush' }, ['SCRIPT', 'FLUSH']),
  {
    name: 'out-of-memory',
    lastsMs: 1000,
    async begin({ ground }) {
      await ground.command('CONFIG', 'SET', 'maxmemory', 1);
    },
    async end({ ground }) {
      await ground.command('CONFIG', 'SET', 'maxmemory', 0);
    },
  },
  disturbed('slow-30', { kind: 'delay', delayMs: 15 }),
  disturbed('slow-120', { kind: 'delay', delayMs: 60 }),
  disturbed('slow-300', { kind: 'delay', delayMs: 150 }),
  disturbed('half-open', { kind: 'swallow' }),
  disturbed('garbage', { kind: 'garbage', of: garbage, probability: 0.2 }),
  disturbed('cut', { kind: 'cut', probability: 0.2 }),
  {
    ...disturbed('one-cut-off', { kind: 'none' }),
    begin: ({ ground }) => ground.proxies[0]!.refuse(),
    end: ({ ground }) => ground.proxies[0]!.accept(),
  },
  demoted(),
  gatewayEnds('gateway-kill', 'SIGKILL'),
  gatewayEnds('gateway-restart', 'SIGTERM'),
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
      await cluster.ground.killRedis();
    },
    end: ({ ground }) => ground.restartRedis(),
  },
  wrongClock('clock-ahead', 'ahead'),
  wrongClock('clock-behind', 'behind'),
];

/** Redis neither answers nor closes. */
function freeze(lastsMs: number): Fault<RedisGround> {
  return {
    name: `freeze-${lastsMs}`,
    lastsMs,
    async begin({ ground }) {
      ground.redis.freeze();
    },
    async end({ ground }) {
      ground.redis.thaw();
    },
  };
}

/** Over as soon as it was said. */
function redisCommand(
  fault: Pick<Fault<RedisGround>, 'name' | 'losesData'>,
  [name, ...args]: readonly [string, ...string[]],
): Fault<RedisGround> {
  return {
    ...fault,
    lastsMs: 0,
    async begin(cluster) {
      await cluster.ground.command(name, ...args);
    },
    async end() {},
  };
}

/** On the way of all gateways to Redis. */
function disturbed(name: string, disturbance: Disturbance): Fault<RedisGround> {
  const disturb = ({ ground }: OnRedis, now: Disturbance): void => {
    for (const proxy of ground.proxies) proxy.disturb(now);
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
function demoted(): Fault<RedisGround> {
  let other: RedisServer | undefined;
  const role = async ({ ground }: OnRedis): Promise<unknown> => {
    const answer = await ground.command('ROLE');
    return Array.isArray(answer) ? answer[0] : undefined;
  };
  return {
    name: 'demoted',
    lastsMs: 1500,
    async begin(cluster) {
      other = await RedisServer.start();
      const replica = new Redis({ host: '127.0.0.1', port: other.port });
      await replica.replicaof('127.0.0.1', cluster.ground.redis.port);
      replica.disconnect();
      await until(async () =>
        String(await cluster.ground.command('INFO', 'replication')).includes('state=online'),
      );
      await cluster.ground.command('FAILOVER', 'TO', '127.0.0.1', other.port);
      await until(async () => (await role(cluster)) === 'slave');
    },
    async end(cluster) {
      await cluster.ground.command('REPLICAOF', 'NO', 'ONE');
      await other?.stop();
    },
  };
}
