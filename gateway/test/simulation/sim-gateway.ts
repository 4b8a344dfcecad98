import type { GatewayId } from '../../src/limits/claim.ts';
import type { CounterKey } from '../../src/limits/counter-key.ts';
import type { LimiterRecorder } from '../../src/limiter/limiter-recorder.ts';
import type { Limiter } from '../../src/limiter/limiter.ts';
import type { Limit } from '../../src/limits/limit.ts';
import type { Verdict } from '../../src/limiter/verdict.ts';
import { levels, type OnStoreFailure } from '../../src/policy/levels.ts';
import { requestCharge, type Charge } from '../../src/policy/plan.ts';
import type { Core } from './core.ts';
import type { Link } from './link.ts';
import { ProcessClock, type World } from './world.ts';

export const claimDeadlineMs = 50;
/** How long the shipped limiter waits for an answer. */
export const silenceMsMax: number = 4 * claimDeadlineMs;
export const leaseTerms: { readonly horizonMs: number; readonly recheckMs: number } = {
  horizonMs: 100,
  recheckMs: 100,
};

/** The number of a request's counter, and its price. */
export interface Price {
  readonly counter: number;
  readonly cost: number;
}

/** One gateway process: the shipped limiter on its own clock. */
export class SimGateway {
  readonly id: GatewayId;
  readonly number: number;
  readonly clock: ProcessClock;
  readonly link: Link;
  /** As this gateway's configuration has them now. */
  readonly limits: Limit[];
  readonly #keys: readonly CounterKey[];
  readonly #limiter: Limiter;

  constructor(parts: {
    readonly core: Core;
    readonly world: World;
    readonly number: number;
    readonly link: Link;
    readonly limits: readonly Limit[];
    readonly gatewaysMin: number;
    readonly onFailure: OnStoreFailure;
  }) {
    const { core, world, number, link, limits, gatewaysMin, onFailure } = parts;
    this.id = `g${number}` as GatewayId;
    this.number = number;
    this.link = link;
    this.limits = [...limits];
    this.#keys = limits.map((limit, counter) => core.counterKey('sim', limit, [String(counter)]));
    this.clock = new ProcessClock(world, 1_000_000 * number + 77);
    const failure = Object.fromEntries(levels.map((level) => [level, onFailure])) as Record<
      (typeof levels)[number],
      OnStoreFailure
    >;
    this.#limiter = new core.Limiter({
      store: link,
      clock: this.clock,
      settings: {
        gateway: this.id,
        claimDeadlineMs,
        gatewaysMin,
        onStoreFailure: failure,
        leases: leaseTerms,
      },
      recorder: silent,
    });
  }

  admit(prices: readonly Price[]): Verdict | Promise<Verdict> {
    return this.#limiter.admit(this.#chargesOf(prices));
  }

  charge(price: Price): void {
    const [charge] = this.#chargesOf([price]);
    const paid = { charge: { ...charge!, cost: 0 }, remaining: 0, resetsInMs: 0 };
    this.#limiter.settle([{ paid, cost: price.cost }]);
  }

  lossSuspected(): void {
    this.#limiter.lossSuspected();
  }

  gatewaysCounted(gateways: number): void {
    this.#limiter.gatewaysCounted(gateways);
  }

  /** Ends in order, giving back what it holds. */
  close(): Promise<void> {
    return this.#limiter.close();
  }

  kill(): void {
    this.clock.kill();
    this.link.end();
  }

  counterOf(charge: Charge): number {
    return this.#keys.indexOf(charge.key);
  }

  key(counter: number): CounterKey {
    return this.#keys[counter]!;
  }

  #chargesOf(prices: readonly Price[]): readonly Charge[] {
    return prices.map(({ counter, cost }) => ({
      ...requestCharge(levels[counter]!, this.limits[counter]!, this.#keys[counter]!),
      cost,
      needs: cost,
    }));
  }
}

export const silent: LimiterRecorder = {
  settled: () => {},
  lost: () => {},
  batchTook: () => {},
  storeAway: () => {},
  storeBack: () => {},
};
