import type { Clock } from '../limits/clock.ts';
import { defaultBackendBounds, type BackendBounds } from './backend-bounds.ts';
import { BackendPool } from './backend-pool.ts';
import { originOf, type BackendTls } from './origin.ts';

/** The connections to all backends, one pool per origin; configurations share and outlive them. */
export class Backends {
  readonly #clock: Clock;
  readonly #bounds: BackendBounds;
  readonly #pools = new Map<string, BackendPool>();

  constructor(clock: Clock, bounds: BackendBounds = defaultBackendBounds) {
    this.#clock = clock;
    this.#bounds = bounds;
  }

  /** The pool of an origin such as `https://orders.internal:8443`; other certificates make another pool. */
  pool(origin: string, tls: BackendTls = {}): BackendPool {
    const key = `${origin} ${JSON.stringify(tls)}`;
    const known = this.#pools.get(key);
    if (known !== undefined) return known;
    const made = new BackendPool(originOf(origin, tls), this.#clock, this.#bounds);
    this.#pools.set(key, made);
    return made;
  }

  /** Breaks every connection off. */
  async close(): Promise<void> {
    for (const pool of this.#pools.values()) pool.close();
  }
}
