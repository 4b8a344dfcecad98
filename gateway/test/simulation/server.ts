import type { Claim, GatewayId, Grant } from '../../src/limits/claim.ts';
import type { CounterKey } from '../../src/limits/counter-key.ts';
import type { Ledger } from '../../src/limits/ledger.ts';
import type { Core } from './core.ts';
import { epochMs, type World } from './world.ts';

/** Where the simulated store keeps ledgers: the shipped settle over a map, or the shipped Lua on a real Redis. */
export interface Ledgers {
  settle(claim: Claim, at: { readonly storeMs: number; readonly gateways: number }): Kept | Promise<Kept>;
  read(key: CounterKey): Ledger | undefined | Promise<Ledger | undefined>;
  snapshot(): unknown;
  /** Puts a snapshot back; without one, everything is lost. */
  restore(snapshot?: unknown): void | Promise<void>;
}

export interface Kept {
  readonly grant: Grant;
  readonly unchanged: boolean;
}

export class MapLedgers implements Ledgers {
  readonly #core: Core;
  #ledgers = new Map<CounterKey, Ledger>();

  constructor(core: Core) {
    this.#core = core;
  }

  settle(claim: Claim, { storeMs, gateways }: { readonly storeMs: number; readonly gateways: number }): Kept {
    const before = this.#ledgers.get(claim.key);
    const { ledger, grant } = this.#core.settle({ ledger: before, claim, nowMs: storeMs, gateways });
    if (ledger !== undefined) this.#ledgers.set(claim.key, ledger);
    return { grant, unchanged: ledger === before };
  }

  read(key: CounterKey): Ledger | undefined {
    return this.#ledgers.get(key);
  }

  snapshot(): ReadonlyMap<CounterKey, Ledger> {
    return new Map(this.#ledgers);
  }

  restore(snapshot?: ReadonlyMap<CounterKey, Ledger>): void {
    this.#ledgers = new Map(snapshot);
  }
}

export interface Arrival {
  readonly claim: Claim;
  readonly storeMs: number;
  readonly era: number;
  readonly kept: Kept;
}

const heartbeatLifetimeMs = 3000;

/** The store: settles what arrives on its own clock, in order of arrival. It can freeze, lose data and have its clock set. */
export class SimServer {
  readonly ledgers: Ledgers;
  readonly #world: World;
  readonly #roster = new Set<GatewayId>();
  readonly #held: (() => void)[] = [];
  #frozen = false;
  #aheadMs = 0;
  #era = 0;

  constructor(world: World, ledgers: Ledgers) {
    this.#world = world;
    this.ledgers = ledgers;
  }

  get nowMs(): number {
    return epochMs + this.#world.nowMs + this.#aheadMs;
  }

  get era(): number {
    return this.#era;
  }

  /** A gateway's heartbeat: gives how many live. Undefined while frozen: nobody is answered then. */
  beat(gateway: GatewayId): number | undefined {
    if (this.#frozen) return undefined;
    this.#roster.add(gateway);
    return this.#roster.size;
  }

  /** With everything else: each gateway joins again with its next heartbeat. */
  forgetRoster(): void {
    this.#roster.clear();
  }

  /** A gateway that left is gone at once, one that crashed when its heartbeat has expired. */
  leave(gateway: GatewayId, how: 'told' | 'crashed'): void {
    if (how === 'told') this.#roster.delete(gateway);
    else this.#world.after(heartbeatLifetimeMs, () => this.#roster.delete(gateway));
  }

  receive(claims: readonly Claim[], settled: (arrivals: readonly Arrival[]) => void): void {
    if (this.#frozen) this.#held.push(() => this.#settle(claims, settled));
    else this.#settle(claims, settled);
  }

  freeze(): void {
    this.#frozen = true;
  }

  thaw(): void {
    this.#frozen = false;
    for (const settle of this.#held.splice(0)) settle();
  }

  setClock(byMs: number): void {
    this.#aheadMs += byMs;
    this.#era += 1;
  }

  #settle(claims: readonly Claim[], settled: (arrivals: readonly Arrival[]) => void): void {
    const storeMs = this.nowMs;
    const at = { storeMs, gateways: this.#roster.size };
    const era = this.#era;
    const kept = claims.map((claim) => this.ledgers.settle(claim, at));
    const arrivalsOf = (all: readonly Kept[]): readonly Arrival[] =>
      all.map((one, index) => ({ claim: claims[index]!, storeMs, era, kept: one }));
    if (kept.some((one) => one instanceof Promise)) {
      const all = Promise.all(kept.map((one) => Promise.resolve(one))).then((ready) =>
        settled(arrivalsOf(ready)),
      );
      this.#world.waitFor(all);
    } else {
      settled(arrivalsOf(kept as readonly Kept[]));
    }
  }
}
