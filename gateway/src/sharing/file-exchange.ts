import { readFileSync } from 'node:fs';
import type { RedisSettings } from '../config/config.ts';
import type { Clock } from '../limits/clock.ts';
import { StoreError } from '../limits/counter-store.ts';
import { ask } from '../stores/redis/ask.ts';
import { type RedisWithScripts, untilConnected } from '../stores/redis/connect.ts';
import { connectPrimary } from '../stores/redis/connect-primary.ts';

/** All entries together. Whoever is behind reads all of them. */
const bytesMax = 8 * 1024 * 1024;
/** Longer than a claim may take: nobody waits for this, and it may be megabytes. */
const silenceMsMax = 2000;
const revisionField = '#revision';
const publishScript = readFileSync(new URL('publish.lua', import.meta.url), 'utf8');

interface Connection {
  readonly redis: RedisWithScripts;
  readonly close: () => void;
}

/** The files that gateways of one name share, in one hash of their Redis. Every call may reject with `StoreError`. */
export class FileExchange {
  readonly #key: string;
  readonly #redis: RedisWithScripts;
  readonly #close: () => void;
  #lastError = '';

  /** Undefined where the gateways' Redis can't hold it. */
  static open(settings: RedisSettings, name: string, clock: Clock): FileExchange | undefined {
    const connection = connectPrimary({ ...settings, silenceMsMax }, clock);
    return connection && new FileExchange(name, connection);
  }

  private constructor(name: string, { redis, close }: Connection) {
    this.#key = `sluice:files:${name}`;
    this.#redis = redis;
    this.#close = close;
    redis.on('error', (error: Error) => {
      this.#lastError = error.message;
    });
  }

  /** The highest revision there is, as it is written; null when nothing was ever shared. */
  async revision(): Promise<string | null> {
    const [revision] = await this.#ask(() => this.#redis.hmget(this.#key, revisionField));
    return checked(revision ?? null);
  }

  /** All entries by path, as they are written, and the highest revision. */
  async all(): Promise<{ readonly revision: string | null; readonly entries: ReadonlyMap<string, string> }> {
    const fields = await this.#ask(() => this.#redis.hgetall(this.#key));
    const entries = new Map(Object.entries(fields).filter(([field]) => !field.startsWith('#')));
    return { revision: checked(fields[revisionField] ?? null), entries };
  }

  /** One entry as it is written. */
  async entry(path: string): Promise<string | undefined> {
    const [raw] = await this.#ask(() => this.#redis.hmget(this.#key, path));
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
    const answer = await this.#ask(() => this.#redis.eval(publishScript, 1, this.#key, ...args));
    if (typeof answer !== 'number') throw new StoreError('Redis answered with something else than a number');
    if (answer < 0) throw new StoreError(`the shared files are larger than ${bytesMax} bytes together`);
    return answer === 0 ? undefined : answer;
  }

  close(): void {
    this.#close();
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    await untilConnected(this.#redis);
    return ask(this.#redis, question(), () => this.#lastError);
  }
}

function checked(revision: string | null): string | null {
  if (revision === null || /^\d{1,15}$/.test(revision)) return revision;
  throw new StoreError('the revision of the shared files is no number');
}
