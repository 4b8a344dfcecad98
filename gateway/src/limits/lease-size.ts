import { neverMs } from './clock.ts';

/** Counts the units asked of one lease lately, in slots as long as the horizon. */
export class Demand {
  readonly #horizonMs: number;
  #slotEndsMs = neverMs;
  #current = 0;
  #times = 0;
  #previous = 0;

  constructor(horizonMs: number) {
    this.#horizonMs = horizonMs;
  }

  add(units: number, nowMs: number): void {
    if (nowMs >= this.#slotEndsMs) this.#turn(nowMs);
    this.#current += units;
    this.#times += 1;
  }

  /** Units that a horizon is likely to ask. A single request is no rate yet: a counter may never be asked again. */
  perHorizon(nowMs: number): number {
    if (nowMs >= this.#slotEndsMs) this.#turn(nowMs);
    return this.#times > 1 ? Math.max(this.#current, this.#previous) : this.#previous;
  }

  /** Whether nothing was asked for a whole horizon. */
  isIdle(nowMs: number): boolean {
    if (nowMs >= this.#slotEndsMs) this.#turn(nowMs);
    return this.#times === 0 && this.#previous === 0;
  }

  #turn(nowMs: number): void {
    const isNext = nowMs < this.#slotEndsMs + this.#horizonMs;
    this.#previous = isNext ? this.#current : 0;
    this.#current = 0;
    this.#times = 0;
    this.#slotEndsMs = isNext ? this.#slotEndsMs + this.#horizonMs : nowMs + this.#horizonMs;
  }
}

/**
 * Units a lease should hold beyond what requests wait for: what the next horizon may ask, but never more than half of an even
 * part of what is left. So leases are large far from the limit, and near it a claim is exactly what waits: the last units go
 * to whoever asks first, on whichever gateway. Rounded down. leases.md, section 4.
 */
export function unitsAhead(seen: {
  readonly perHorizon: number;
  /** Units the cluster has left, as last told. */
  readonly left: number;
  readonly gateways: number;
}): number {
  return Math.max(0, Math.min(seen.perHorizon, Math.floor(seen.left / (2 * seen.gateways))));
}
