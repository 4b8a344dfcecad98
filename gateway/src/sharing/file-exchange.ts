import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import type { RedisSettings } from '../config/config.ts';
import type { Clock } from '../limits/clock.ts';
import { StoreError } from '../limits/counter-store.ts';
import { connectPrimary, type Primary } from '../stores/redis/connect-primary.ts';

/** All entries together. Whoever is behind reads all of them. */
const bytesMax = 8 * 1024 * 1024;
const revisionField = '#revision';
const publishScript = readFileSync(new URL('publish.lua', import.meta.url), 'utf8');

/** The files that gateways of one name share, in one hash of their Redis. Every call may reject with `StoreError`. */
export class FileExchange {
  readonly #key: string;
  readonly #primary: Primary;

  static open(settings: RedisSettings, name: string, clock: Clock): FileExchange {
    return new FileExchange(name, connectPrimary(settings, clock));
  }

  private constructor(name: string, primary: Primary) {
    this.#key = `sluice:files:${name}`;
    this.#primary = primary;
  }

  /** The highest revision there is, as it is written; null when nothing was ever shared. */
  async revision(): Promise<string | null> {
    const [revision] = await this.#ask((redis) => redis.hmget(this.#key, revisionField));
    return checked(revision ?? null);
  }

  /** All entries by path, as they are written, and the highest revision. */
  async all(): Promise<{ readonly revision: string | null; readonly entries: ReadonlyMap<string, string> }> {
    const fields = await this.#ask((redis) => redis.hgetall(this.#key));
    const entries = new Map(Object.entries(fields).filter(([field]) => !field.startsWith('#')));
    return { revision: checked(fields[revisionField] ?? null), entries };
  }

  /** One entry as it is written. */
  async entry(path: string): Promise<string | undefined> {
    const [raw] = await this.#ask((redis) => redis.hmget(this.#key, path));
    return raw ?? undefined;
  }

  /** Gives the revision of the entry, or undefined when it hasn't the expected one any more. */
  async publish(what: {
    readonly path: string;
    readonly body: string;
    /** The revision of the entry before, 0 for none. */
    readonly expected: number;
    /** The new revision exceeds this one. */
    readonly floor: number;
    /** The revision that the entry had before Redis lost it: it has the same again. */
    readonly restored?: number;
  }): Promise<number | undefined> {
    const { path, body, expected, floor, restored = 0 } = what;
    const args = [path, expected, floor, body, bytesMax, restored];
    const answer = await this.#ask((redis) => redis.eval(publishScript, 1, this.#key, ...args));
    if (typeof answer !== 'number') throw new StoreError('Redis answered with something else than a number');
    if (answer < 0) throw new StoreError(`the shared files are larger than ${bytesMax} bytes together`);
    return answer === 0 ? undefined : answer;
  }

  close(): void {
    this.#primary.close();
  }

  #ask<T>(question: (redis: Redis) => Promise<T>): Promise<T> {
    return this.#primary.ask(this.#key, question);
  }
}

function checked(revision: string | null): string | null {
  if (revision === null || /^\d{1,15}$/.test(revision)) return revision;
  throw new StoreError('the revision of the shared files is no number');
}
