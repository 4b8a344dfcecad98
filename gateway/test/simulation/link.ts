import type { Claim, Grant } from '../../src/limits/claim.ts';
import type { CounterStore } from '../../src/limits/counter-store.ts';
import type { Ledger } from '../../src/limits/ledger.ts';
import type { Random } from '../support/random.ts';
import type { Core } from './core.ts';
import type { Network } from './scenario.ts';
import type { Arrival, SimServer } from './server.ts';
import type { World } from './world.ts';

interface LinkEvents {
  settled(arrival: Arrival, copy: number): void;
  delivered(arrival: Arrival, sentAtMs: number): void;
}

interface LinkParts {
  readonly world: World;
  readonly server: SimServer;
  readonly core: Core;
  readonly random: Random;
  readonly events: LinkEvents;
}

/** One gateway's way to the store, over a network that delays, loses, doubles and reorders. */
export class Link implements CounterStore {
  readonly #parts: LinkParts;
  #network: Network;
  #broken: 'silent' | 'refused' | undefined;
  #ended = false;

  constructor(network: Network, parts: LinkParts) {
    this.#network = network;
    this.#parts = parts;
  }

  settle(claims: readonly Claim[]): Promise<readonly Grant[]> {
    if (this.#broken === 'refused')
      return Promise.reject(new this.#parts.core.StoreError('connection refused'));
    const { world, random } = this.#parts;
    const sentAtMs = world.nowMs;
    return new Promise((resolve) => {
      this.#carry(() => {
        this.#arrive(claims, 0, (arrivals) => {
          this.#carry(() => {
            if (this.#ended) return;
            for (const arrival of arrivals) this.#parts.events.delivered(arrival, sentAtMs);
            resolve(arrivals.map(({ kept }) => kept.grant));
          });
        });
      });
      if (!random.chance(this.#network.duplicateRate) || this.#broken !== undefined) return;
      world.after(random.below(this.#network.duplicateMsMax), () => {
        this.#arrive(claims, 1, () => {});
      });
    });
  }

  /** Whether messages get through, some of them at least. */
  get isOpen(): boolean {
    return this.#broken === undefined;
  }

  read(): Promise<readonly (Ledger | undefined)[]> {
    throw new Error('gateways do not read');
  }

  forget(): Promise<void> {
    throw new Error('gateways do not forget');
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  cutOff(how: 'silent' | 'refused'): void {
    this.#broken = how;
  }

  reach(): void {
    this.#broken = undefined;
  }

  /** From now on nothing is lost or doubled. */
  calm(): void {
    this.#broken = undefined;
    this.#network = { ...this.#network, lossRate: 0, duplicateRate: 0, delayMsMax: this.#network.delayMsMin };
  }

  /** Nothing comes back to a process that was killed; what it has sent may still arrive. */
  end(): void {
    this.#ended = true;
  }

  #arrive(claims: readonly Claim[], copy: number, settled: (arrivals: readonly Arrival[]) => void): void {
    this.#parts.server.receive(claims, (arrivals) => {
      for (const arrival of arrivals) this.#parts.events.settled(arrival, copy);
      settled(arrivals);
    });
  }

  #carry(deliver: () => void): void {
    const { world, random } = this.#parts;
    const { lossRate, delayMsMin, delayMsMax } = this.#network;
    if (this.#broken !== undefined || this.#ended || random.chance(lossRate)) return;
    world.after(delayMsMin + random.below(delayMsMax - delayMsMin + 1), deliver);
  }
}
