import { Redis } from 'ioredis';

/** What a Redis has spent since it started, in µs; `scripts` counts calls of EVAL and EVALSHA. */
export interface RedisUsage {
  readonly scripts: number;
  readonly scriptsUs: number;
  /** User and system time of the server, everything included. */
  readonly cpuUs: number;
}

/** Reads INFO over a connection of its own. */
export class RedisMeter {
  readonly #redis: Redis;

  constructor(port: number) {
    this.#redis = new Redis(port, '127.0.0.1');
  }

  async read(): Promise<RedisUsage> {
    const [cpu, commands] = await Promise.all([this.#redis.info('cpu'), this.#redis.info('commandstats')]);
    const seconds = (name: string): number => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(cpu)?.[1]);
    const stats = [...commands.matchAll(/^cmdstat_eval(?:sha)?:calls=(\d+),usec=(\d+)/gm)];
    const sum = (group: number): number => stats.reduce((total, found) => total + Number(found[group]), 0);
    const cpuUs = (seconds('used_cpu_user') + seconds('used_cpu_sys')) * 1e6;
    return { scripts: sum(1), scriptsUs: sum(2), cpuUs };
  }

  /** Forgets all counters, so that one side's expiring keys aren't another's work. */
  async empty(): Promise<void> {
    await this.#redis.flushall('SYNC');
  }

  close(): void {
    this.#redis.disconnect();
  }
}

export function usedBetween(before: RedisUsage, after: RedisUsage): RedisUsage {
  return {
    scripts: after.scripts - before.scripts,
    scriptsUs: after.scriptsUs - before.scriptsUs,
    cpuUs: after.cpuUs - before.cpuUs,
  };
}
