import type { Clock } from '../../limits/clock.ts';

/** What a member says of time with each heartbeat. */
export interface TimeTold {
  /** Its cluster clock, whole ms since the Unix epoch. */
  readonly nowMs: number;
  /** How long it has counted in a majority without a break, in ms; 0 while it doesn't. */
  readonly servingMs: number;
}

/** A clock that runs ahead by less than this goes on: a step back helps nobody. */
const aheadMsMax = 20;
/** Who has served for about as long is no better a judge of time. */
const sameMs = 1000;

/**
 * One time for all members, so that a new owner of a counter finds its window where the last one left it: everybody goes by who
 * has served longest. Each keeps the difference to its own clock, so time goes on when that member goes. When somebody sets a
 * wall clock nothing happens: an owner whose time jumps would begin another window.
 */
export class ClusterClock {
  readonly #clock: Clock;
  #aheadMs = 0;
  #servingSinceMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  readonly nowMs = (): number => this.#clock.evenWallMs() + this.#aheadMs;

  get told(): TimeTold {
    const since = this.#servingSinceMs;
    const servingMs = since === undefined ? 0 : this.#clock.monotonicMs() - since;
    return { nowMs: this.nowMs(), servingMs };
  }

  serves(serving: boolean): void {
    if (!serving) this.#servingSinceMs = undefined;
    else this.#servingSinceMs ??= this.#clock.monotonicMs();
  }

  /**
   * Goes by another member's clock when it has served longer, or as long and `comesFirst`. The message was sent at most `ageMsMax`
   * ago, so its time is between what it says and that much more.
   */
  hear(told: TimeTold, by: { readonly ageMsMax: number; readonly comesFirst: boolean }): void {
    const longerMs = told.servingMs - this.told.servingMs;
    if (longerMs < -sameMs || (longerMs <= sameMs && !by.comesFirst)) return;
    const behindMs = told.nowMs - this.nowMs();
    const aheadMs = -behindMs - by.ageMsMax;
    if (behindMs > 0) this.#aheadMs += behindMs;
    else if (aheadMs > aheadMsMax) this.#aheadMs -= aheadMs;
  }
}
