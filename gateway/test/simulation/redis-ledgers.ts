import type { Claim } from '../../src/limits/claim.ts';
import type { CounterKey } from '../../src/limits/counter-key.ts';
import type { Ledger } from '../../src/limits/ledger.ts';
import { grantsOf, ledgerOf, redisKey, settleArguments } from '../../src/stores/redis/codec.ts';
import { connectRedis, type RedisWithScripts } from '../../src/stores/redis/connect.ts';
import { RedisServer } from '../support/redis-server.ts';
import type { Kept, Ledgers } from './server.ts';

type Hash = Readonly<Record<string, string>>;

/**
 * The shipped settle.lua in a real Redis, on the world's clock. Redis drops keys in real time, so a run counts only if less real
 * than virtual time passed in it.
 */
export class RedisLedgers implements Ledgers {
  readonly #server: RedisServer;
  readonly #redis: RedisWithScripts;
  readonly #keys = new Set<CounterKey>();

  private constructor(server: RedisServer) {
    this.#server = server;
    this.#redis = connectRedis(server.address);
  }

  static async start(): Promise<RedisLedgers> {
    const ledgers = new RedisLedgers(await RedisServer.start());
    await new Promise((resolve) => ledgers.#redis.once('ready', resolve));
    return ledgers;
  }

  async settle(claim: Claim, at: { readonly storeMs: number; readonly gateways: number }): Promise<Kept> {
    this.#keys.add(claim.key);
    const key = redisKey(claim.key);
    // Sent together, so that nothing comes between them.
    const [before, reply, after] = await Promise.all([
      this.#redis.hgetall(key),
      this.#redis.settleClaims(1, key, ...settleArguments([claim], at.storeMs)),
      this.#redis.hgetall(key),
    ]);
    const [grant] = grantsOf(reply, { claims: 1, gateways: at.gateways });
    return { grant: grant!, unchanged: JSON.stringify(before) === JSON.stringify(after) };
  }

  async read(key: CounterKey): Promise<Ledger | undefined> {
    return ledgerOf(await this.#redis.hgetall(redisKey(key)));
  }

  async snapshot(): Promise<ReadonlyMap<CounterKey, Hash>> {
    const keys = [...this.#keys];
    const hashes = await Promise.all(keys.map((key) => this.#redis.hgetall(redisKey(key))));
    return new Map(keys.map((key, index) => [key, hashes[index]!]));
  }

  async restore(snapshot?: Promise<ReadonlyMap<CounterKey, Hash>>): Promise<void> {
    const hashes = [...((await snapshot) ?? [])].filter(([, hash]) => Object.keys(hash).length > 0);
    await Promise.all([
      this.#redis.flushall(),
      ...hashes.map(([key, hash]) => this.#redis.hset(redisKey(key), hash)),
    ]);
  }

  async stop(): Promise<void> {
    this.#redis.disconnect();
    await this.#server.stop();
  }
}
