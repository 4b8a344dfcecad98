import type { GatewayId } from '../../limits/claim.ts';
import type { Clock } from '../../limits/clock.ts';
import { StoreError } from '../../limits/counter-store.ts';
import { ask } from './ask.ts';
import { heartbeatOf } from './codec.ts';
import type { RedisWithScripts } from './connect.ts';

const everyMs = 250;
const lifetimeMs = 3000;

export interface HeartbeatEvents {
  /** The server may have lost what it acknowledged. */
  lossSuspected(): void;
  /** How many gateways it has heard of lately, this one included. */
  counted(gateways: number): void;
}

/**
 * Four heartbeats a second on one server: they tell how many gateways live, and whether the server has lost what it knew. A
 * gateway that closes leaves the roster at once, a crashed one within three seconds.
 */
export class Heartbeat {
  readonly #redis: RedisWithScripts;
  readonly #gateway: GatewayId;
  readonly #clock: Clock;
  readonly #events: HeartbeatEvents;
  /** Without one nobody is counted, and a loss is suspected only when the connection was lost. */
  #roster: string | undefined;
  /** When the last one was that the server has answered, on its clock. */
  #beatAtMs: number | undefined;
  #everReached = false;
  #lastError = '';
  #cancelNext = (): void => {};
  #closed = false;
  /** Resolves when the first connection stands and has told how many gateways live, or has failed. */
  readonly firstContact: Promise<void>;

  constructor(parts: {
    readonly redis: RedisWithScripts;
    readonly roster: string | undefined;
    readonly gateway: GatewayId;
    readonly clock: Clock;
    readonly events: HeartbeatEvents;
  }) {
    this.#redis = parts.redis;
    this.#roster = parts.roster;
    this.#gateway = parts.gateway;
    this.#clock = parts.clock;
    this.#events = parts.events;
    this.firstContact = new Promise((resolve) => {
      // Why a connection failed is told with the claims that fail for it.
      this.#redis.on('error', (error: Error) => {
        this.#lastError = error.message;
        resolve();
      });
      this.#redis.on('ready', () => {
        this.#lastError = '';
        // Another connection may be another server: a restarted one, or a replica that lags behind.
        if (this.#everReached) this.#events.lossSuspected();
        this.#everReached = true;
        void this.#beat().then(resolve);
      });
    });
  }

  /** Why the connection failed, while it doesn't stand. */
  get lastError(): string {
    return this.#lastError;
  }

  /** Beats on another roster from now on, or on none: nothing is known yet of what it remembers. */
  moveTo(roster: string | undefined): void {
    if (roster === this.#roster) return;
    this.#roster = roster;
    this.#beatAtMs = undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelNext();
    if (this.#roster === undefined) return;
    try {
      await ask(this.#redis, this.#redis.zrem(this.#roster, this.#gateway), () => this.#lastError);
    } catch (error) {
      // Out of reach: the heartbeat runs out by itself.
      if (!(error instanceof StoreError)) throw error;
    }
  }

  /** At most one heartbeat is under way; one that fails is followed by the next, or by the next connection's first. */
  async #beat(): Promise<void> {
    this.#cancelNext();
    if (this.#roster !== undefined) await this.#beatOn(this.#roster);
    if (this.#closed) return;
    this.#cancelNext();
    this.#cancelNext = this.#clock.after(everyMs, () => {
      void this.#beat();
    });
  }

  async #beatOn(roster: string): Promise<void> {
    try {
      const beat = this.#redis.heartbeat(1, roster, this.#gateway, lifetimeMs).then(heartbeatOf);
      const { living, atMs, beforeMs } = await ask(this.#redis, beat, () => this.#lastError);
      if (roster !== this.#roster) return;
      this.#events.counted(living);
      if (this.#beatAtMs !== undefined && beforeMs !== this.#beatAtMs) this.#events.lossSuspected();
      this.#beatAtMs = atMs;
    } catch (error) {
      // The last number known stays in use; claims notice by themselves that the store is away.
      if (!(error instanceof StoreError)) throw error;
    }
  }
}
