import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort } from '../support/ports.ts';
import type { Random } from '../support/random.ts';
import { plainConnection, RedisServer } from '../support/redis-server.ts';
import { TestHome } from '../support/test-home.ts';
import { FaultProxy } from './fault-proxy.ts';
import { allCountExactly, GatewayProcess } from './gateway-process.ts';
import { AnsweringProcess } from './answering-process.ts';
import type { Seen } from './judge.ts';
import { chaosHome, offers, type OnFailure } from './limits.ts';
import type { LoadAnswer, LoadOrder } from './load-worker.ts';
import { Wiretap } from './wiretap.ts';
import type { WitnessAnswer, WitnessOrder } from './witness.ts';

/** A request and the limit it was asked of. */
export interface SeenOfLimit extends Seen {
  readonly id: string;
  readonly limit: string;
}

export const gatewayCount = 3;
const workerCount = 2;
const warmUpMs = 2000;

/** Three gateways, each with a proxy of its own to one Redis; load from two processes; and a backend that bears witness. */
export class ChaosCluster {
  readonly redis: RedisServer;
  /** A way to Redis that no fault lies on. */
  #control: Redis;
  readonly wiretap: Wiretap = new Wiretap();
  readonly proxies: readonly FaultProxy[];
  readonly gateways: readonly GatewayProcess[];
  readonly #witness: AnsweringProcess<WitnessOrder, WitnessAnswer>;
  readonly #workers: readonly AnsweringProcess<LoadOrder, LoadAnswer>[];
  readonly #home: TestHome;
  readonly #folder: string;

  private constructor(parts: {
    readonly redis: RedisServer;
    readonly proxies: readonly FaultProxy[];
    readonly gateways: readonly GatewayProcess[];
    readonly witness: AnsweringProcess<WitnessOrder, WitnessAnswer>;
    readonly home: TestHome;
    readonly folder: string;
  }) {
    this.redis = parts.redis;
    this.#control = control(parts.redis);
    this.proxies = parts.proxies;
    this.gateways = parts.gateways;
    this.#witness = parts.witness;
    this.#home = parts.home;
    this.#folder = parts.folder;
    const file = new URL('./load-worker.ts', import.meta.url);
    this.#workers = Array.from({ length: workerCount }, () =>
      AnsweringProcess.start<LoadOrder, LoadAnswer>(file),
    );
  }

  static async start(onFailure: OnFailure, random: Random): Promise<ChaosCluster> {
    const witness = AnsweringProcess.start<WitnessOrder, WitnessAnswer>(
      new URL('./witness.ts', import.meta.url),
    );
    const redis = await RedisServer.start();
    const home = new TestHome(chaosHome(redis, (await witness.ask('port')) as number, onFailure));
    const folder = mkdtempSync(join(tmpdir(), 'sluice-chaos-'));
    const proxies: FaultProxy[] = [];
    const gateways: GatewayProcess[] = [];
    for (let index = 0; index < gatewayCount; index += 1) {
      const proxy = await FaultProxy.start(redis.port, random);
      proxies.push(proxy);
      const ports = { port: await freePort(), adminPort: await freePort() };
      const storeUrl = `redis://127.0.0.1:${proxy.port}`;
      gateways.push(
        new GatewayProcess({ id: `gw${index + 1}`, home: home.path, folder, storeUrl, ...ports }),
      );
    }
    const cluster = new ChaosCluster({ redis, proxies, gateways, witness, home, folder });
    try {
      await cluster.wiretap.listen(redis.port);
      await Promise.all(gateways.map((gateway) => gateway.start()));
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** Sends Redis a command, past all proxies. */
  command(name: string, ...args: readonly (string | number)[]): Promise<unknown> {
    return this.#control.call(name, ...args);
  }

  /** Kills Redis as a power cut would: nothing it knew is left. */
  async killRedis(): Promise<void> {
    await Promise.all(this.proxies.map((proxy) => proxy.refuse()));
    this.#control.disconnect();
    this.wiretap.close();
    await this.redis.kill();
  }

  /** Starts Redis again; gateways reach it once the wiretap hears everything. */
  async restartRedis(): Promise<void> {
    await this.redis.restart();
    this.#control = control(this.redis);
    await this.wiretap.listen(this.redis.port);
    await Promise.all(this.proxies.map((proxy) => proxy.accept()));
  }

  /** Whether every gateway says it counts exactly and knows all the others; one that was killed may still be counted. */
  isReady(): Promise<boolean> {
    return allCountExactly(this.gateways, gatewayCount);
  }

  async beginLoad(idPrefix: string): Promise<void> {
    await this.#witness.ask('take');
    const urls = this.gateways.map(({ url }) => url);
    const begin = (index: number): LoadOrder => ({
      begin: { urls, idPrefix: `${idPrefix}${index}`, offers: offers(workerCount) },
    });
    await Promise.all(this.#workers.map((worker, index) => worker.ask(begin(index))));
  }

  /** Serves for a while: fresh processes compile as they go, and that isn't what a fault's waits should tell. */
  async warmUp(): Promise<void> {
    await this.beginLoad('warm-up');
    await sleep(warmUpMs);
    await this.endLoad();
  }

  /** Waits for all answers; gives what the clients and the backend saw. */
  async endLoad(): Promise<readonly SeenOfLimit[]> {
    const asked = (await Promise.all(this.#workers.map((worker) => worker.ask({ end: true })))).flat();
    const arrivals = (await this.#witness.ask('take')) as Exclude<WitnessAnswer, number>;
    const arrivalsOf = Map.groupBy(arrivals, ([id]) => id);
    const ids = new Set(asked.map(({ id }) => id));
    const unknown = arrivals.filter(([id]) => !ids.has(id)).length;
    if (unknown > 0) throw new Error(`${unknown} requests arrived that no client of this load has sent`);
    return asked.map(({ id, limit, sentMs, endedMs, outcome }) => {
      return {
        id,
        limit,
        sentMs,
        endedMs,
        outcome,
        arrivalsMs: (arrivalsOf.get(id) ?? []).map(([, atMs]) => atMs),
      };
    });
  }

  /** Ends everything it started. */
  async stop(): Promise<void> {
    this.redis.thaw();
    await Promise.all(this.gateways.map((gateway) => gateway.end('SIGTERM')));
    await Promise.all([...this.#workers, this.#witness].map((one) => one.stop()));
    await Promise.all(this.proxies.map((proxy) => proxy.close()));
    this.wiretap.close();
    this.#control.disconnect();
    await this.redis.stop();
    this.#home.remove();
    rmSync(this.#folder, { recursive: true });
  }
}

function control(redis: RedisServer): Redis {
  const client = new Redis({ ...plainConnection, port: redis.port });
  // A killed server ends it; commands fail by themselves.
  client.on('error', () => {});
  return client;
}
