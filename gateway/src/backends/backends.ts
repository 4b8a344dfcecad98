import { defaultBackendSettings } from '../config/backends-table.ts';
import type { BackendSettings } from '../config/config.ts';
import type { Clock } from '../limits/clock.ts';
import type { BackendSender } from './backend-call.ts';
import type { ChoiceRule } from './backend-choice.ts';
import { BackendGroup } from './backend-group.ts';
import { BackendPool } from './backend-pool.ts';
import { originOf } from './origin.ts';

/** One of several targets: an origin such as `https://orders.internal:8443`, and what stands before paths there. */
interface TargetPlace {
  readonly origin: string;
  readonly pathPrefix: string;
  readonly headMsMax: number | undefined;
}

/** The connections to all backends, and what is known of their health; configurations share and outlive them. */
export class Backends {
  readonly #clock: Clock;
  readonly #settings: BackendSettings;
  readonly #pools = new Map<string, BackendPool>();
  readonly #groups = new Map<
    string,
    { readonly group: BackendGroup; readonly pools: readonly BackendPool[] }
  >();

  constructor(clock: Clock, settings: BackendSettings = defaultBackendSettings) {
    this.#clock = clock;
    this.#settings = settings;
  }

  /** The pool of an origin such as `https://orders.internal:8443`; one for each wait that is set for its answers. */
  pool(origin: string, headMsMax: number = this.#settings.bounds.headMsMax): BackendPool {
    const key = `${origin} ${headMsMax}`;
    const known = this.#pools.get(key);
    if (known !== undefined) return known;
    const { bounds, tls } = this.#settings;
    const made = new BackendPool(originOf(origin, tls), this.#clock, { ...bounds, headMsMax });
    this.#pools.set(key, made);
    return made;
  }

  /** The same targets under the same rule are one group: they share their health and whose turn it is. */
  group(targets: readonly TargetPlace[], rule: ChoiceRule): BackendGroup {
    const key = JSON.stringify([rule, targets]);
    const known = this.#groups.get(key);
    if (known !== undefined) return known.group;
    const senders = targets.map(({ origin, pathPrefix, headMsMax }) => ({
      sender: this.pool(origin, headMsMax),
      pathPrefix,
    }));
    const made = new BackendGroup(senders, rule, this.#clock);
    this.#groups.set(key, { group: made, pools: senders.map(({ sender }) => sender) });
    return made;
  }

  /** Forgets what neither is in use nor has a connection left: configurations come and go. */
  forgetOthers(used: ReadonlySet<BackendSender>): void {
    const pools = new Set(used);
    for (const [key, known] of this.#groups) {
      if (!used.has(known.group)) this.#groups.delete(key);
      else for (const pool of known.pools) pools.add(pool);
    }
    for (const [key, pool] of this.#pools) if (!pools.has(pool) && pool.isUnused) this.#pools.delete(key);
  }

  /** Breaks every connection off. */
  close(): void {
    for (const pool of this.#pools.values()) pool.close();
  }
}
