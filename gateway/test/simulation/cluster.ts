import type { Limit } from '../../src/limits/limit.ts';
import { seededRandom, type Random } from '../support/random.ts';
import type { Core } from './core.ts';
import type { Event, FinalCount, Incident } from './history.ts';
import { Link } from './link.ts';
import type { Scenario } from './scenario.ts';
import { SimServer, type Ledgers } from './server.ts';
import { claimDeadlineMs, SimGateway, silenceMsMax } from './sim-gateway.ts';
import { World } from './world.ts';

/** Whoever reads a history as it comes about. */
export interface Witness {
  see(event: Event): void;
  end(finals: readonly FinalCount[]): void;
}

type Untimed<Kind> = Kind extends Event ? Omit<Kind, 'atMs'> : never;

const heartbeatEveryMs = 250;

/** Gateways and their store in one world; everything that happens to them is told to the witness. */
export class Cluster {
  readonly world: World = new World();
  readonly scenario: Scenario;
  readonly random: Random;
  readonly server: SimServer;
  /** By place; a restarted gateway takes the place of the one before it. */
  readonly gateways: (SimGateway | undefined)[];
  /** Those that end their requests before they go. */
  readonly #leaving = new Set<SimGateway>();
  readonly #core: Core;
  readonly #witness: Witness;
  /** As an operator has set them; gateways that start read them. */
  readonly #limits: Limit[];
  #gatewaysMade = 0;

  constructor(
    scenario: Scenario,
    parts: { readonly core: Core; readonly witness: Witness; readonly ledgers: Ledgers },
  ) {
    this.scenario = scenario;
    this.random = seededRandom(scenario.seed ^ 0x5eed);
    this.#core = parts.core;
    this.#witness = parts.witness;
    this.#limits = [...scenario.counters];
    this.server = new SimServer(this.world, parts.ledgers);
    this.gateways = Array.from({ length: scenario.gateways }, () => this.#newGateway());
  }

  /** All that hear from the store, in their places or not. */
  get living(): readonly SimGateway[] {
    return [...this.gateways.filter((gateway) => gateway !== undefined), ...this.#leaving];
  }

  tell(event: Untimed<Event>): void {
    this.#witness.see({ ...event, atMs: this.world.nowMs });
  }

  incident(kind: Incident['kind'], more: Partial<Incident> = {}): void {
    this.tell({ is: 'incident', kind, ...more });
  }

  start(place: number): void {
    const gateway = this.#newGateway();
    this.gateways[place] = gateway;
    this.incident('joined', { gateway: gateway.number });
  }

  kill(place: number): void {
    const gateway = this.#remove(place);
    if (gateway === undefined) return;
    gateway.kill();
    this.server.leave(gateway.id, 'crashed');
    this.incident('killed', { gateway: gateway.number });
  }

  leave(place: number): void {
    const gateway = this.#remove(place);
    if (gateway === undefined) return;
    this.#leaving.add(gateway);
    this.world.after(claimDeadlineMs + 1, () => {
      this.#leaving.delete(gateway);
      this.incident('left', { gateway: gateway.number });
      void gateway.close().then(() => this.server.leave(gateway.id, 'told'));
    });
  }

  /** One heartbeat, if it gets through. */
  beat(gateway: SimGateway): void {
    const living = gateway.link.isOpen ? this.server.beat(gateway.id) : undefined;
    if (living !== undefined) gateway.gatewaysCounted(living);
  }

  /** An operator changes a quota; gateways reload one after the other. */
  changeLimit(counter: number, quota: number): void {
    const before = this.#limits[counter]!;
    const burst = before.kind === 'token-bucket' ? { burst: quota } : {};
    const limit: Limit = { ...before, quota, ...burst };
    this.#limits[counter] = limit;
    this.incident('limit-changed', { counter, limit });
    for (const gateway of this.gateways) {
      if (gateway === undefined) continue;
      this.world.after(this.random.below(40), () => {
        if (this.#limits[counter] !== limit) return;
        gateway.limits[counter] = limit;
        this.incident('limit-changed', { counter, limit, gateway: gateway.number });
      });
    }
  }

  /** Ends all demand's troubles, lets leases flow back, closes everything, and tells what the store holds then. */
  async end(): Promise<void> {
    const closing = Promise.all(this.gateways.map(async (gateway) => gateway?.close()));
    await this.world.runUntil(this.world.nowMs + 2 * silenceMsMax);
    await closing;
    const finals: FinalCount[] = [];
    for (const [counter, limit] of this.#limits.entries()) {
      const key = this.#core.counterKey('sim', limit, [String(counter)]);
      const ledger = await this.server.ledgers.read(key);
      if (ledger === undefined) continue;
      finals.push({ counter, window: ledger.window, used: ledger.used, storeMs: this.server.nowMs });
    }
    this.#witness.end(finals);
  }

  #remove(place: number): SimGateway | undefined {
    const gateway = this.gateways[place];
    this.gateways[place] = undefined;
    return gateway;
  }

  #beatLater(gateway: SimGateway): void {
    this.world.after(heartbeatEveryMs, () => {
      if (!this.living.includes(gateway)) return;
      this.beat(gateway);
      this.#beatLater(gateway);
    });
  }

  #newGateway(): SimGateway {
    this.#gatewaysMade += 1;
    const number = this.#gatewaysMade;
    const { onFailure, network, gatewaysMin } = this.scenario;
    const link = new Link(network, {
      world: this.world,
      server: this.server,
      core: this.#core,
      random: this.random,
      events: {
        settled: ({ claim, storeMs, kept: { grant, unchanged } }, copy) => {
          const counter = counterOf(claim.key);
          if (counter === undefined) return;
          this.tell({ is: 'settled', storeMs, gateway: number, counter, claim, copy, grant, unchanged });
        },
        delivered: ({ claim, era, kept: { grant } }, sentAtMs) => {
          const waitedMs = this.world.nowMs - sentAtMs;
          const counter = counterOf(claim.key);
          const isLate = waitedMs >= silenceMsMax || waitedMs >= grant.endsInMs - 1;
          if (counter === undefined || isLate) return;
          const held = claim.window === grant.window ? claim.held : 0;
          this.tell({ is: 'delivered', gateway: number, counter, grant, held, era });
        },
      },
    });
    const parts = { core: this.#core, world: this.world, number, link, limits: this.#limits };
    const gateway = new SimGateway({ ...parts, gatewaysMin, onFailure });
    this.beat(gateway);
    this.#beatLater(gateway);
    return gateway;
  }
}

/** None for the limiter's own probe. */
function counterOf(key: string): number | undefined {
  return key.startsWith('sim') ? Number(key.split(':')[1]) : undefined;
}
