import { Redis } from 'ioredis';
import { redisDeployment } from '../support/gateways.ts';
import type { Random } from '../support/random.ts';
import { plainConnection, RedisServer } from '../support/redis-server.ts';
import { FaultProxy } from './fault-proxy.ts';
import type { GatewaySettings } from './gateway-process.ts';
import type { Ground } from './ground.ts';
import { gatewayCount, type ChaosLimit } from './limits.ts';
import { lossBound, Wiretap, type LossBound } from './wiretap.ts';

/** One Redis, and for each gateway a proxy of its own to it. */
export class RedisGround implements Ground {
  readonly deployment: string;
  readonly redis: RedisServer;
  readonly proxies: readonly FaultProxy[];
  readonly #wiretap = new Wiretap();
  /** A way to Redis that no fault lies on. */
  #control: Redis;

  private constructor(redis: RedisServer, proxies: readonly FaultProxy[]) {
    this.deployment = redisDeployment(redis);
    this.redis = redis;
    this.proxies = proxies;
    this.#control = control(redis);
  }

  static async open(random: Random): Promise<RedisGround> {
    const redis = await RedisServer.start();
    const proxies: FaultProxy[] = [];
    for (let index = 0; index < gatewayCount; index += 1) {
      proxies.push(await FaultProxy.start(redis.port, random));
    }
    const ground = new RedisGround(redis, proxies);
    await ground.#wiretap.listen(redis.port);
    return ground;
  }

  startWith(gateway: number): Pick<GatewaySettings, 'storeUrl'> {
    return { storeUrl: `redis://127.0.0.1:${this.proxies[gateway]!.port}` };
  }

  /** Sends Redis a command, past all proxies. */
  command(name: string, ...args: readonly (string | number)[]): Promise<unknown> {
    return this.#control.call(name, ...args);
  }

  /** Kills Redis as a power cut would: nothing it knew is left. */
  async killRedis(): Promise<void> {
    await Promise.all(this.proxies.map((proxy) => proxy.refuse()));
    this.#control.disconnect();
    this.#wiretap.close();
    await this.redis.kill();
  }

  /** Starts Redis again; gateways reach it once the wiretap hears everything. */
  async restartRedis(): Promise<void> {
    await this.redis.restart();
    this.#control = control(this.redis);
    await this.#wiretap.listen(this.redis.port);
    await Promise.all(this.proxies.map((proxy) => proxy.accept()));
  }

  clear(): void {
    this.#wiretap.clear();
  }

  lossOf({ counterPrefix, windowMs }: ChaosLimit, beganAtMs: number): LossBound {
    const settled = this.#wiretap.settled.filter(({ key }) => key.startsWith(counterPrefix));
    return lossBound(settled, { atMs: this.#wiretap.flushedAtMs ?? beganAtMs, windowMs });
  }

  calm(): void {
    this.redis.thaw();
  }

  async close(): Promise<void> {
    await Promise.all(this.proxies.map((proxy) => proxy.close()));
    this.#wiretap.close();
    this.#control.disconnect();
    await this.redis.stop();
  }
}

function control(redis: RedisServer): Redis {
  const client = new Redis({ ...plainConnection, port: redis.port });
  // A killed server ends it; commands fail by themselves.
  client.on('error', () => {});
  return client;
}
