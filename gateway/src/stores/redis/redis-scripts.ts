import type { Clock } from '../../limits/clock.ts';
import { connectPrimary, type Primary } from './connect-primary.ts';

/** Executes scripts of others in the Redis of the counters, on a connection of their own. */
export class RedisScripts {
  readonly #primary: Primary;

  constructor(settings: Parameters<typeof connectPrimary>[0], clock: Clock) {
    this.#primary = connectPrimary(settings, clock);
  }

  /** In a cluster all keys are in one slot. Rejects with `StoreError`. */
  async run(
    script: string,
    keys: readonly [string, ...string[]],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    return this.#primary.ask(keys[0], (redis) => redis.eval(script, keys.length, ...keys, ...args));
  }

  async close(): Promise<void> {
    this.#primary.close();
  }
}
