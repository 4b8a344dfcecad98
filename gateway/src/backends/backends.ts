import type { Clock } from '../limits/clock.ts';
import { BackendPool, defaultBackendBounds, type BackendBounds } from './backend-pool.ts';

/** The connections to all backends, one pool per origin; configurations share and outlive them. */
export class Backends {
  readonly #clock: Clock;
  readonly #bounds: BackendBounds;
  readonly #pools = new Map<string, BackendPool>();

  constructor(clock: Clock, bounds: BackendBounds = defaultBackendBounds) {
    this.#clock = clock;
    this.#bounds = bounds;
  }

  /** The pool of an origin such as `https://orders.internal:8443`. */
  pool(origin: string): BackendPool {
    const known = this.#pools.get(origin);
    if (known !== undefined) return known;
    const made = new BackendPool(origin, this.#clock, this.#bounds);
    this.#pools.set(origin, made);
    return made;
  }

  /** Breaks every connection off. */
  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.close()));
  }
}
