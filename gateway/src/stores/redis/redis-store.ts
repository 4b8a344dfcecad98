import { ReplyError } from 'ioredis';
import type { Claim, GatewayId, Grant } from '../../limits/claim.ts';
import type { Clock } from '../../limits/clock.ts';
import type { CounterKey } from '../../limits/counter-key.ts';
import { StoreError, type CounterStore, type StoreEvents } from '../../limits/counter-store.ts';
import type { Ledger } from '../../limits/ledger.ts';
import { grantsOf, heartbeatOf, ledgerOf, redisKey, settleArguments } from './codec.ts';
import type { RedisWithScripts } from './connect.ts';

const roster = 'sluice:gateways';
const heartbeatEveryMs = 250;
const heartbeatLifetimeMs = 3000;

/**
 * Ledgers in one Redis, settled by settle.lua on Redis' clock: one command for all claims of a call. Four heartbeats a second
 * tell how many gateways live, and whether Redis has lost what it knew; a gateway that closes leaves the roster at once, a
 * crashed one within three seconds.
 */
export class RedisStore implements CounterStore {
  readonly #redis: RedisWithScripts;
  readonly #gateway: GatewayId;
  readonly #clock: Clock;
  readonly #events: StoreEvents;
  readonly #nowMs: (() => number) | undefined;
  /** Resolves when the first connection stands and has told how many gateways live, or has failed. */
  readonly #firstContact: Promise<void>;
  #gateways = 0;
  /** When the last heartbeat was that Redis has answered, on its clock. */
  #beatAtMs: number | undefined;
  #cancelHeartbeat = (): void => {};
  #lastError = '';
  #closed = false;

  /**
   * `nowMs` replaces Redis' clock, for tests that need a virtual one. The store owns the connection and closes it.
   */
  constructor(parts: {
    readonly redis: RedisWithScripts;
    readonly gateway: GatewayId;
    readonly clock: Clock;
    readonly events: StoreEvents;
    readonly nowMs?: () => number;
  }) {
    this.#redis = parts.redis;
    this.#gateway = parts.gateway;
    this.#clock = parts.clock;
    this.#events = parts.events;
    this.#nowMs = parts.nowMs;
    this.#firstContact = new Promise((resolve) => {
      // Why a connection failed is told with the claims that fail for it.
      this.#redis.on('error', (error: Error) => {
        this.#lastError = error.message;
        resolve();
      });
      this.#redis.on('ready', () => {
        this.#lastError = '';
        // Another connection may be another server: a restarted one, or a replica that lags behind.
        if (this.#beatAtMs !== undefined) this.#events.lossSuspected();
        void this.#beat().then(resolve);
      });
    });
  }

  async settle(claims: readonly Claim[]): Promise<readonly Grant[]> {
    await this.#firstContact;
    const keys = claims.map(({ key }) => redisKey(key));
    const args = settleArguments(claims, this.#nowMs?.());
    const asked = { claims: claims.length, gateways: this.#gateways };
    return this.#ask(
      this.#redis.settleClaims(keys.length, ...keys, ...args).then((reply) => grantsOf(reply, asked)),
    );
  }

  async read(keys: readonly CounterKey[]): Promise<readonly (Ledger | undefined)[]> {
    await this.#firstContact;
    const hashes = await this.#ask(Promise.all(keys.map((key) => this.#redis.hgetall(redisKey(key)))));
    return hashes.map(ledgerOf);
  }

  async forget(keys: readonly CounterKey[]): Promise<void> {
    await this.#firstContact;
    await this.#ask(Promise.all(keys.map((key) => this.#redis.unlink(redisKey(key)))));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelHeartbeat();
    try {
      await this.#ask(this.#redis.zrem(roster, this.#gateway));
    } catch (error) {
      // Out of reach: the heartbeat runs out by itself.
      if (!(error instanceof StoreError)) throw error;
    }
    this.#redis.disconnect();
  }

  /** At most one heartbeat is under way; one that fails is followed by the next, or by the next connection's first. */
  async #beat(): Promise<void> {
    this.#cancelHeartbeat();
    try {
      const beat = this.#redis.heartbeat(1, roster, this.#gateway, heartbeatLifetimeMs).then(heartbeatOf);
      const { living, atMs, beforeMs } = await this.#ask(beat);
      this.#gateways = living;
      this.#events.gatewaysCounted(living);
      if (this.#beatAtMs !== undefined && beforeMs !== this.#beatAtMs) this.#events.lossSuspected();
      this.#beatAtMs = atMs;
    } catch (error) {
      // The last number known stays in use; claims notice by themselves that the store is away.
      if (!(error instanceof StoreError)) throw error;
    }
    if (this.#closed) return;
    this.#cancelHeartbeat();
    this.#cancelHeartbeat = this.#clock.after(heartbeatEveryMs, () => {
      void this.#beat();
    });
  }

  async #ask<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      // Redis has not said this: an answer is missing, or is none. What comes next on this connection can't be trusted.
      const isBroken = !(error instanceof ReplyError) && this.#redis.status === 'ready';
      if (isBroken) this.#redis.disconnect(true);
      const said = error instanceof Error ? error.message : String(error);
      throw new StoreError(this.#lastError === '' ? said : `${said} (${this.#lastError})`, { cause: error });
    }
  }
}
