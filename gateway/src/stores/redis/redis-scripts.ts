import type { Clock } from '../../limits/clock.ts';
import { ask } from './ask.ts';
import { type RedisWithScripts, untilConnected } from './connect.ts';
import { connectPrimary } from './connect-primary.ts';

/** Longer than a claim may take: an answer may be megabytes. */
const silenceMsMax = 2000;

/** Executes scripts of others in the Redis of the counters, on a connection of their own. */
export class RedisScripts {
  readonly #redis: RedisWithScripts;
  readonly #close: () => void;
  #lastError = '';

  /** Undefined for a Redis Cluster. */
  static open(settings: Parameters<typeof connectPrimary>[0], clock: Clock): RedisScripts | undefined {
    const connection = connectPrimary({ ...settings, silenceMsMax }, clock);
    return connection && new RedisScripts(connection);
  }

  private constructor({ redis, close }: { readonly redis: RedisWithScripts; readonly close: () => void }) {
    this.#redis = redis;
    this.#close = close;
    redis.on('error', (error: Error) => {
      this.#lastError = error.message;
    });
  }

  /** Rejects with `StoreError`. */
  async run(script: string, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    await untilConnected(this.#redis);
    const answer = this.#redis.eval(script, keys.length, ...keys, ...args);
    return ask(this.#redis, answer, () => this.#lastError);
  }

  async close(): Promise<void> {
    this.#close();
  }
}
