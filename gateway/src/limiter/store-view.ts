import type { AloneAt } from '../limits/alone.ts';
import type { Grant } from '../limits/claim.ts';
import type { Clock } from '../limits/clock.ts';
import { lengthMs } from '../limits/ledger.ts';
import type { Limit } from '../limits/limit.ts';

/** What this gateway knows of its store, beside the counters: how many gateways share it, and what its clock says. */
export class StoreView {
  readonly #gatewaysMin: number;
  #gateways: number;
  /** What to add to this gateway's monotonic clock to get the store's, as the last grant showed; rather low than high. */
  #aheadMs: number;

  constructor(clock: Clock, gatewaysMin: number) {
    this.#gatewaysMin = gatewaysMin;
    this.#gateways = gatewaysMin;
    this.#aheadMs = clock.wallMs() - clock.monotonicMs();
  }

  /** As last told; at least as many as are configured. */
  get gateways(): number {
    return this.#gateways;
  }

  /** A moment on this gateway's clock, and on the store's as far as this gateway knows. */
  at(nowMs: number): AloneAt {
    return { nowMs, storeNowMs: nowMs + this.#aheadMs };
  }

  /** A store that was away may be a new one that hasn't heard of all gateways yet: until it is back for good they don't get fewer. */
  gatewaysCounted(gateways: number, isAway: boolean): void {
    this.#gateways = Math.max(isAway ? this.#gateways : this.#gatewaysMin, gateways);
  }

  heardAt(nowMs: number, { window, endsInMs }: Grant, limit: Limit): void {
    this.#aheadMs = window + lengthMs(limit) - endsInMs - nowMs;
  }
}
