import { ceiling } from './ledger.ts';
import type { Limit, TokenBucket } from './limit.ts';
import { missing, refilled, taken, type Deficit } from './token-bucket.ts';

/** What a gateway knew of a counter when it had to go on alone. */
export interface LastTold {
  readonly limit: Limit;
  /** Gateways that may be alone now; the shares of all of them add up to the limit at most. */
  readonly gateways: number;
  /** Units that counted: in the window that runs, or for one that began alone, in the window before. */
  readonly used: number;
  /** This gateway's own units, and those of them that are not in `used`. */
  readonly held: number;
  readonly uncounted: number;
  /** The start of the window, and whether it began while the store was away. In ms of the store's clock. */
  readonly window: number;
  readonly bornAlone: boolean;
  readonly storeNowMs: number;
}

/** One gateway's part of a limit while the store is away (leases.md, section 5). Rounded down, waits aside. */
export interface Share {
  /** Units that may be spent at a moment of the store's clock. */
  left(storeNowMs: number): number;
  spend(units: number, storeNowMs: number): void;
  /** What the store must hear of when it is back although it was spent in windows that are over: a bucket's deficit. */
  readonly stillMissing: number;
}

export function shareOf(told: LastTold): Share {
  return told.limit.kind === 'token-bucket' ? new BucketShare(told, told.limit) : new WindowShare(told);
}

/**
 * A part of what was left, or of a whole window that began alone, less what fades out of a sliding one's predecessor. Never
 * more than an even part of the limit together with what is held: others may have been granted more since we were told.
 */
class WindowShare implements Share {
  readonly stillMissing = 0;
  readonly #whole: number;
  readonly #fading: number;
  readonly #endsAtMs: number;
  readonly #windowMs: number;
  #spent = 0;

  constructor({ limit, gateways, used, held, uncounted, window, bornAlone }: LastTold) {
    const left = bornAlone ? ceiling(limit) : Math.max(0, ceiling(limit) - used);
    const evenPart = Math.floor(ceiling(limit) / gateways);
    this.#whole = Math.min(Math.floor(left / gateways) - uncounted, evenPart - held);
    this.#fading = bornAlone && limit.kind === 'sliding-window' ? Math.ceil(used / gateways) : 0;
    this.#windowMs = limit.windowMs;
    this.#endsAtMs = window + limit.windowMs;
  }

  left(storeNowMs: number): number {
    const insideMs = Math.max(0, Math.min(this.#windowMs, this.#endsAtMs - storeNowMs));
    const fading = Math.ceil((this.#fading * insideMs) / this.#windowMs);
    return Math.max(0, this.#whole - fading - this.#spent);
  }

  spend(units: number): void {
    this.#spent += units;
  }
}

/** A bucket of its own, refilled at an even part of the rate. It has no windows: it lasts as long as the outage. */
class BucketShare implements Share {
  readonly #own: TokenBucket;
  #deficit: Deficit;

  constructor({ gateways, used, uncounted, storeNowMs }: LastTold, limit: TokenBucket) {
    this.#own = { ...limit, windowMs: limit.windowMs * gateways, burst: Math.floor(limit.burst / gateways) };
    const left = Math.floor(Math.max(0, limit.burst - used) / gateways) - uncounted;
    this.#deficit = { scaled: (this.#own.burst - left) * this.#own.windowMs, atMs: storeNowMs };
  }

  get stillMissing(): number {
    return missing(this.#own, this.#deficit);
  }

  left(storeNowMs: number): number {
    this.#deficit = refilled(this.#own, this.#deficit, storeNowMs);
    return Math.max(0, this.#own.burst - missing(this.#own, this.#deficit));
  }

  spend(units: number, storeNowMs: number): void {
    this.#deficit = taken(this.#own, refilled(this.#own, this.#deficit, storeNowMs), units);
  }
}
