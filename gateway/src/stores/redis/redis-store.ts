import type { Claim, GatewayId, Grant } from '../../limits/claim.ts';
import type { Clock } from '../../limits/clock.ts';
import type { CounterKey } from '../../limits/counter-key.ts';
import { StoreError, type CounterStore, type StoreEvents } from '../../limits/counter-store.ts';
import type { Ledger } from '../../limits/ledger.ts';
import { ask } from './ask.ts';
import type { ClaimPipeline } from './claim-pipeline.ts';
import { grantsOf, ledgerOf, redisKey, settleArguments } from './codec.ts';
import type { RedisWithScripts } from './connect.ts';
import { Heartbeat } from './heartbeat.ts';
import { NewerLedgerWatch } from './newer-ledger.ts';

const roster = 'sluice:gateways';

/**
 * Ledgers in one Redis, settled by settle.lua on Redis' clock: one command for all claims of a call. Heartbeats tell how many
 * gateways live, and whether Redis has lost what it knew.
 */
export class RedisStore implements CounterStore {
  readonly #redis: RedisWithScripts;
  readonly #heartbeat: Heartbeat;
  readonly #durable: ClaimPipeline | undefined;
  readonly #alsoClose: () => void;
  readonly #nowMs: (() => number) | undefined;
  readonly #newer = new NewerLedgerWatch(async (key) => {
    const [format] = await this.#ask(this.#redis.hmget(key, 'v'));
    return format;
  });
  #gateways = 0;

  /**
   * `durable` has connections of its own, for claims that count only when a replica has them. `alsoClose` ends what the
   * connections need. `nowMs` replaces Redis' clock, for tests that need a virtual one. The store owns the connections and closes
   * them.
   */
  constructor(parts: {
    readonly redis: RedisWithScripts;
    readonly gateway: GatewayId;
    readonly clock: Clock;
    readonly events: StoreEvents;
    readonly durable?: ClaimPipeline | undefined;
    readonly alsoClose?: () => void;
    readonly nowMs?: () => number;
  }) {
    const { redis, gateway, clock, events } = parts;
    this.#redis = redis;
    this.#durable = parts.durable;
    this.#alsoClose = parts.alsoClose ?? (() => {});
    this.#nowMs = parts.nowMs;
    this.#heartbeat = new Heartbeat({
      redis,
      roster,
      gateway,
      clock,
      events: {
        lossSuspected: () => events.lossSuspected(),
        counted: (gateways) => {
          this.#gateways = gateways;
          events.gatewaysCounted(gateways);
        },
      },
    });
  }

  async settle(claims: readonly Claim[]): Promise<readonly Grant[]> {
    await this.#heartbeat.firstContact;
    return this.#newer.settle(() => this.#settle(claims));
  }

  async #settle(claims: readonly Claim[]): Promise<readonly Grant[]> {
    const keys = claims.map(({ key }) => redisKey(key));
    const args = settleArguments(claims, this.#nowMs?.());
    const asked = { claims: claims.length, gateways: this.#gateways };
    if (this.#durable !== undefined) {
      const [outcome] = await this.#durable.send([{ ...asked, keys, args }], asked);
      if (outcome === undefined || outcome instanceof Error) throw outcome ?? new StoreError('no answer');
      return outcome;
    }
    return this.#ask(
      this.#redis.settleClaims(keys.length, ...keys, ...args).then((reply) => grantsOf(reply, asked)),
    );
  }

  async read(keys: readonly CounterKey[]): Promise<readonly (Ledger | undefined)[]> {
    await this.#heartbeat.firstContact;
    const hashes = await this.#ask(Promise.all(keys.map((key) => this.#redis.hgetall(redisKey(key)))));
    return hashes.map(ledgerOf);
  }

  async forget(keys: readonly CounterKey[]): Promise<void> {
    await this.#heartbeat.firstContact;
    await this.#ask(Promise.all(keys.map((key) => this.#redis.unlink(redisKey(key)))));
  }

  async close(): Promise<void> {
    await this.#heartbeat.close();
    this.#durable?.close();
    this.#redis.disconnect();
    this.#alsoClose();
  }

  #ask<T>(answer: Promise<T>): Promise<T> {
    return ask(this.#redis, answer, () => this.#heartbeat.lastError);
  }
}
