import type { SentinelAddress } from '../../src/stores/redis/sentinel-watch.ts';
import { freePort } from './ports.ts';
import { RedisServer } from './redis-server.ts';
import { until } from './until.ts';

const masterName = 'limits';

interface SentinelOptions {
  readonly downAfterMs: number;
  /** The port by which the others know the server that listens on a port, such as that of a proxy. */
  readonly announced: (port: number) => Promise<number>;
  /** Further settings of all servers, and lines of all sentinels. */
  readonly serverArgs: readonly string[];
  readonly sentinelLines: readonly string[];
}

/** A private primary with two replicas, and three sentinels that watch over them. The test that starts it stops it. */
export class RedisSentinels {
  readonly servers: readonly RedisServer[];
  readonly sentinels: readonly RedisServer[];
  /** By which port the sentinels know each server. */
  readonly announcedPorts: readonly number[];

  private constructor(
    servers: readonly RedisServer[],
    sentinels: readonly RedisServer[],
    announcedPorts: readonly number[],
  ) {
    this.servers = servers;
    this.sentinels = sentinels;
    this.announcedPorts = announcedPorts;
  }

  static async start(options: Partial<SentinelOptions> = {}): Promise<RedisSentinels> {
    const {
      downAfterMs = 500,
      announced = async (port) => port,
      serverArgs = [],
      sentinelLines = [],
    } = options;
    const ports = [await freePort(), await freePort(), await freePort()];
    const announcedPorts = await Promise.all(ports.map(announced));
    const first = String(announcedPorts[0]);
    const servers = await Promise.all(
      ports.map((port, index) => {
        const known = [
          '--replica-announce-ip',
          '127.0.0.1',
          '--replica-announce-port',
          String(announcedPorts[index]),
        ];
        const follows = index === 0 ? [] : ['--replicaof', '127.0.0.1', first];
        const args = ['--repl-diskless-sync-delay', '0', '--repl-backlog-size', '16mb', ...known, ...follows];
        return RedisServer.start([...args, ...serverArgs], port);
      }),
    );
    const lines = [
      `sentinel monitor ${masterName} 127.0.0.1 ${first} 2`,
      `sentinel down-after-milliseconds ${masterName} ${downAfterMs}`,
      `sentinel failover-timeout ${masterName} 5000`,
      `sentinel parallel-syncs ${masterName} 2`,
      ...sentinelLines,
    ];
    const sentinels = [];
    for (let count = 0; count < 3; count += 1) sentinels.push(await RedisServer.startSentinel(lines));
    // Then they look and talk more often; those before Redis 7 can't be told, and take some ten seconds where others take one.
    const often = ['INFO-PERIOD', '500', 'PUBLISH-PERIOD', '500'];
    for (const sentinel of sentinels)
      await sentinel.ask('SENTINEL', 'DEBUG', ...often).catch(() => undefined);
    const setup = new RedisSentinels(servers, sentinels, announcedPorts);
    await setup.untilWatched();
    return setup;
  }

  get address(): SentinelAddress {
    return {
      sentinels: this.sentinels.map(({ port }) => ({ host: '127.0.0.1', port })),
      masterName,
      sentinelTls: false,
      database: 0,
      tls: false,
      connectDeadlineMs: 1000,
      silenceMsMax: 500,
    };
  }

  /** The server that at least two sentinels call the primary; during a failover that may take a moment. */
  async primary(): Promise<RedisServer> {
    let agreed: RedisServer | undefined;
    await until(async () => {
      const ports = await Promise.all(this.sentinels.map(askPrimaryPort));
      const port = ports.find((one) => ports.filter((other) => other === one).length >= 2);
      agreed = this.servers[this.announcedPorts.indexOf(port ?? -1)];
      return agreed !== undefined;
    });
    return agreed!;
  }

  /** Until every server is known and well: a failover can begin. */
  untilWatched(deadlineMs = 30_000): Promise<void> {
    return until(async () => {
      const views = await Promise.all(this.sentinels.map(viewOf));
      const replicated = await this.#onlineReplicas();
      return (
        views.every(({ flags, replicas, others }) => flags === 'master' && replicas === 2 && others === 2) &&
        replicated === 2
      );
    }, deadlineMs);
  }

  async #onlineReplicas(): Promise<number> {
    const info = String(await (await this.primary()).ask('INFO', 'replication'));
    return [...info.matchAll(/state=online/g)].length;
  }

  async stop(): Promise<void> {
    for (const server of [...this.servers, ...this.sentinels]) server.thaw();
    await Promise.all([...this.sentinels, ...this.servers].map((server) => server.stop()));
  }
}

async function askPrimaryPort(sentinel: RedisServer): Promise<number | undefined> {
  const answer = await sentinel.ask('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', masterName).catch(() => undefined);
  return Array.isArray(answer) ? Number(answer[1]) : undefined;
}

/** What one sentinel thinks: the flags of the primary, and how many replicas and other sentinels are well. */
async function viewOf(
  sentinel: RedisServer,
): Promise<{ readonly flags: unknown; readonly replicas: number; readonly others: number }> {
  const redis = sentinel.client();
  try {
    const primary = recordOf(await redis.call('SENTINEL', 'MASTER', masterName));
    const replicas = (await redis.call('SENTINEL', 'REPLICAS', masterName)) as unknown[];
    const others = (await redis.call('SENTINEL', 'SENTINELS', masterName)) as unknown[];
    return {
      flags: primary['flags'],
      replicas: replicas.filter((one) => {
        const replica = recordOf(one);
        return replica['flags'] === 'slave' && replica['master-link-status'] === 'ok';
      }).length,
      others: others.filter((one) => recordOf(one)['flags'] === 'sentinel').length,
    };
  } finally {
    redis.disconnect();
  }
}

function recordOf(reply: unknown): Readonly<Record<string, string>> {
  const words = reply as string[];
  return Object.fromEntries(
    words.flatMap((word, index) => (index % 2 === 0 ? [[word, words[index + 1]!]] : [])),
  );
}
