import { lengthMs, windowAt } from './ledger.ts';
import type { Limit } from './limit.ts';
import { shareOf, type Share } from './share.ts';
import type { Told } from './told.ts';

/** What a lease knows of its counter. */
export interface LeaseView {
  readonly told: Told;
  /** Units the store has counted for this gateway, spent or not. */
  readonly held: number;
  /** Those that nobody has spent; below 0 when more was spent than counted. */
  readonly unspent: number;
}

/** What was spent without the store, in which window, and in none. */
export interface SpentAlone {
  readonly told: Told;
  readonly spent: number;
  readonly owed: number;
  /** Units that may still be spent in that window: the store must not grant them to others. */
  readonly left: number;
}

/** A moment on this gateway's monotonic clock, and on the store's as last known; whole ms. */
export interface AloneAt {
  readonly nowMs: number;
  readonly storeNowMs: number;
}

/**
 * One counter while the store doesn't answer: what a gateway may spend uncounted, and has spent (leases.md, section 5).
 * Windows that begin meanwhile keep step with the last one known, so the gateways' shares fall into the same windows and add
 * up to the limit.
 */
export class Alone {
  readonly #limit: Limit;
  readonly #gateways: number;
  /** Of the window it began with, or of one that has begun meanwhile. */
  #told: Told;
  #used: number;
  #held: number;
  /** Units of `#held` that the store hasn't heard of: spent out of an earlier share of the same rest, or owed. */
  #uncounted: number;
  #spent = 0;
  #owed = 0;
  #share: Share | undefined;

  constructor(limit: Limit, lease: LeaseView, by: { readonly gateways: number; readonly nowMs: number }) {
    this.#limit = limit;
    this.#gateways = by.gateways;
    this.#told = lease.told;
    this.#used = lease.told.used + othersSince(limit, lease, by.nowMs);
    this.#held = lease.held;
    this.#uncounted = Math.max(0, -lease.unspent);
  }

  /** Units that may be spent uncounted now. Nothing while a window may be over for us but not for others. */
  left(at: AloneAt): number {
    return this.#shareAt(at)?.left(at.storeNowMs) ?? 0;
  }

  /** Whether the last window known may be over or not: nothing can be spent then, and nothing is exceeded. */
  isBetweenWindows(nowMs: number): boolean {
    return nowMs >= this.#told.deadlineMs && nowMs < this.#told.overMs;
  }

  /** Spends units uncounted, also more than are left where a level lets everything pass. */
  spend(units: number, at: AloneAt): void {
    const share = this.#shareAt(at);
    if (share === undefined) {
      this.#owed += units;
      return;
    }
    share.spend(units, at.storeNowMs);
    this.#spent += units;
  }

  /** What the lease must take over when the store answers. */
  result(at: AloneAt): SpentAlone {
    const isRunning = at.nowMs < this.#told.deadlineMs && this.#limit.kind !== 'token-bucket';
    return {
      told: this.#told,
      spent: Math.max(this.#spent, this.#share?.stillMissing ?? 0),
      owed: this.#owed,
      left: isRunning ? (this.#share?.left(at.storeNowMs) ?? 0) : 0,
    };
  }

  /** The share of the window that surely runs, if one does. */
  #shareAt(at: AloneAt): Share | undefined {
    if (at.nowMs >= this.#told.deadlineMs && at.nowMs >= this.#told.overMs) this.#startWindow(at);
    if (at.nowMs >= this.#told.deadlineMs) return undefined;
    this.#share ??= this.#shareOf({ used: this.#used, bornAlone: false, storeNowMs: at.storeNowMs });
    return this.#share;
  }

  #startWindow({ nowMs, storeNowMs }: AloneAt): void {
    const length = lengthMs(this.#limit);
    const before = this.#told.window;
    const passed = before === undefined ? 0 : Math.max(1, Math.floor((storeNowMs - before) / length));
    const window = before === undefined ? windowAt(this.#limit, storeNowMs) : before + passed * length;
    // Of the windows before, only the last one counts, and only where windows slide.
    const used = passed === 1 ? Math.max(this.#used, this.#spent * this.#gateways) : 0;
    const endsMs = nowMs + Math.min(length, Math.max(1, window + length - storeNowMs));
    this.#told = { window, used: 0, atMs: nowMs, deadlineMs: endsMs, overMs: endsMs };
    this.#used = 0;
    this.#held = 0;
    this.#uncounted = 0;
    this.#spent = 0;
    // A bucket has no windows: its share goes on.
    if (this.#limit.kind === 'token-bucket' && this.#share !== undefined) return;
    this.#share = this.#shareOf({ used, bornAlone: true, storeNowMs });
  }

  #shareOf(told: { readonly used: number; readonly bornAlone: boolean; readonly storeNowMs: number }): Share {
    const window = this.#told.window ?? told.storeNowMs;
    const own = { held: this.#held, uncounted: this.#uncounted };
    return shareOf({ limit: this.#limit, gateways: this.#gateways, window, ...own, ...told });
  }
}

/** Units that others have taken since we were told, if they went on at their pace in this window. Rounded up. */
function othersSince(limit: Limit, { told, held }: LeaseView, nowMs: number): number {
  const others = Math.max(0, told.used - held);
  if (others === 0 || limit.kind === 'token-bucket') return 0;
  const toldAfterMs = Math.max(1, lengthMs(limit) - (told.deadlineMs - told.atMs));
  return Math.ceil((others * (nowMs - told.atMs)) / toldAfterMs);
}
