import type { Claim, GatewayId, Grant, WindowId } from './claim.ts';
import type { CounterKey } from './counter-key.ts';
import type { Limit } from './limit.ts';

/** What a gateway says when it claims: who it is, its next number, and the units it can use. */
export interface ClaimTerms {
  readonly gateway: GatewayId;
  readonly seq: number;
  /** Units that requests wait for; 0 gives back what is unspent. */
  readonly wanted: number;
  /** Fewer units than this help nobody. */
  readonly usefulFrom: number;
}

/** What an answer said; `told` when nothing was wanted. */
export type ClaimOutcome = 'granted' | 'partly-granted' | 'refused' | 'told' | 'stale';

/**
 * The gateway's side of one counter: units the store has counted for this gateway, partly spent (leases.md, section 4).
 * Times are whole ms of the gateway's monotonic clock. At most one claim is in flight; an answer to a claim that was
 * abandoned must not be absorbed.
 */
export class Lease {
  readonly key: CounterKey;
  #limit: Limit;
  /** Kept after its end, until a grant names another: the ledger may still run it for the length of a round trip. */
  #window: WindowId | undefined;
  /** Before this the store's window surely runs, whatever any clock says: counted from when the claim was sent. */
  #deadlineMs = -Infinity;
  /** From this on the store's window is surely over: counted from when the answer came. */
  #overMs = -Infinity;
  /** Units in our account as the ledger last confirmed it, less those on their way back. */
  #account = 0;
  #spent = 0;
  /** Units handed out to all gateways, as last told. */
  #used = 0;
  /** Units we may spend uncounted while the store is away; absent until this window's share is worked out. */
  #share: number | undefined;
  #deniedUntilMs = -Infinity;
  /** A claim was lost or the window replaced: the ledger may believe something else than `#account`. */
  #unsure = false;
  #inFlight: { readonly claim: Claim; readonly sentAtMs: number } | undefined;

  constructor(key: CounterKey, limit: Limit) {
    this.key = key;
    this.#limit = limit;
  }

  get limit(): Limit {
    return this.#limit;
  }

  get claiming(): boolean {
    return this.#inFlight !== undefined;
  }

  /** Takes over a changed quota of the same window; what was granted so far stays granted. */
  adjust(limit: Limit): void {
    if (limit.quota > this.#limit.quota) this.#deniedUntilMs = -Infinity;
    this.#limit = limit;
  }

  /** Units that the store has counted for us and that can be spent now without asking anybody. */
  available(nowMs: number): number {
    return nowMs < this.#deadlineMs ? Math.max(0, this.#account - this.#spent) : 0;
  }

  /** The same together with our share: what can be spent when the store doesn't answer. */
  availableAlone(nowMs: number): number {
    if (nowMs >= this.#deadlineMs) return 0;
    return Math.max(0, this.#account + (this.#share ?? 0) - this.#spent);
  }

  /** Spends units; the caller has seen that they are available, or means to settle the excess with the next claim. */
  spend(units: number): void {
    this.#spent += units;
  }

  /** Whether the store said a moment ago that it has nothing left. */
  denies(nowMs: number): boolean {
    return nowMs < this.#deniedUntilMs;
  }

  /**
   * Whether to claim now, when requests wait for `wanted` units: to get more, to give back what nobody waits for, or to
   * state what we hold when the ledger may believe something else.
   */
  due(wanted: number, nowMs: number): boolean {
    if (this.claiming) return false;
    if (wanted > this.available(nowMs)) return true;
    if (nowMs >= this.#deadlineMs) return false;
    return this.#unsure || (wanted === 0 && this.#account !== this.#spent);
  }

  /** Whether this lease holds units of a running window, which a store that lost its data must hear of. */
  live(nowMs: number): boolean {
    return nowMs < this.#deadlineMs && (this.#account > 0 || this.#spent > 0);
  }

  /** Whether nothing is lost by forgetting this lease: its window is over everywhere. */
  forgettable(nowMs: number): boolean {
    return !this.claiming && nowMs >= this.#overMs;
  }

  /** Units left to the cluster in this window, as far as this gateway knows; the whole quota when no window runs. */
  remaining(nowMs: number): number {
    if (nowMs >= this.#deadlineMs) return this.#limit.quota;
    if (this.#share !== undefined) return this.availableAlone(nowMs);
    return Math.max(0, this.#limit.quota - this.#used + this.#account - this.#spent);
  }

  /** Until the window is over; a whole window when none runs. */
  resetsInMs(nowMs: number): number {
    return nowMs < this.#deadlineMs ? this.#deadlineMs - nowMs : this.#limit.windowMs;
  }

  /** Makes the next claim and marks it in flight. What a window left unspent at its end is void. */
  claim(terms: ClaimTerms, nowMs: number): Claim {
    const keeps = terms.wanted > 0 && nowMs < this.#deadlineMs;
    const held = keeps ? Math.max(this.#account, this.#spent) : this.#spent;
    const unspent = held - this.#spent;
    const claim: Claim = {
      key: this.key,
      limit: this.#limit,
      gateway: terms.gateway,
      seq: terms.seq,
      ...(this.#window !== undefined && { window: this.#window }),
      held,
      want: Math.max(0, terms.wanted - unspent),
      atLeast: Math.max(0, terms.usefulFrom - unspent),
    };
    this.#account = Math.min(this.#account, held);
    this.#inFlight = { claim, sentAtMs: nowMs };
    return claim;
  }

  /**
   * Takes in the answer to the claim in flight. A stale one says nothing about what we hold. A ledger in another window
   * while ours surely runs has lost its data, or never saw a window that was born while the store was away: then we go on
   * with what we hold and state it in the new window, which may charge too much but never too little.
   */
  absorb(grant: Grant, when: { readonly nowMs: number; readonly recheckMs: number }): ClaimOutcome {
    const inFlight = this.#inFlight;
    if (inFlight === undefined) throw new Error(`lease ${this.key}: an answer without a claim`);
    this.#inFlight = undefined;
    this.#unsure = grant.outcome === 'stale';
    if (grant.outcome === 'stale') return 'stale';
    const { claim, sentAtMs } = inFlight;
    if (grant.window === this.#window) {
      this.#account = claim.held + grant.granted;
    } else if (when.nowMs < this.#deadlineMs) {
      this.#account = claim.held + grant.granted;
      this.#unsure = claim.held > 0;
    } else {
      this.#account = grant.granted;
      this.#spent = 0;
    }
    this.#window = grant.window;
    this.#used = grant.used;
    this.#share = undefined;
    // The store counts whole milliseconds: its window may end up to one earlier than it says.
    this.#deadlineMs = sentAtMs + grant.endsInMs - 1;
    this.#overMs = when.nowMs + grant.endsInMs + 1;
    if (claim.want === 0) return 'told';
    const denied = grant.granted < claim.want;
    this.#deniedUntilMs = denied ? Math.min(when.nowMs + when.recheckMs, this.#deadlineMs) : -Infinity;
    if (!denied) return 'granted';
    return grant.granted > 0 ? 'partly-granted' : 'refused';
  }

  /** Gives up on the claim in flight: whether it was settled is unknown, the next claim puts it right. */
  abandon(): void {
    this.#inFlight = undefined;
    this.#unsure = true;
  }

  /**
   * Works out what may be spent without the store: this gateway's part of what the cluster had left, or of a whole window
   * when ours is over (leases.md, section 5). Windows born alone keep step with the last one known, so the gateways' parts
   * fall into the same windows and add up to the limit. Rounded down.
   */
  takeShare(alone: { readonly nowMs: number; readonly storeNowMs: number; readonly gateways: number }): void {
    const { nowMs, storeNowMs, gateways } = alone;
    if (nowMs >= this.#deadlineMs && nowMs >= this.#overMs) this.#startWindowAlone(nowMs, storeNowMs);
    if (nowMs >= this.#deadlineMs) return;
    this.#share ??= Math.floor(Math.max(0, this.#limit.quota - this.#used) / gateways);
  }

  /** The store answers again: what is left of the share is void, what was spent of it is stated with the next claim. */
  endShare(): void {
    this.#share = undefined;
  }

  #startWindowAlone(nowMs: number, storeNowMs: number): void {
    const { windowMs, starts } = this.#limit;
    const phase = this.#window ?? (starts === 'aligned' ? 0 : storeNowMs);
    const passed = Math.floor((storeNowMs - phase) / windowMs);
    this.#window = phase + windowMs * (this.#window === undefined ? passed : Math.max(1, passed));
    const leftMs = Math.min(windowMs, Math.max(1, this.#window + windowMs - storeNowMs));
    this.#deadlineMs = nowMs + leftMs;
    this.#overMs = this.#deadlineMs;
    this.#account = 0;
    this.#spent = 0;
    this.#used = 0;
    this.#share = undefined;
    this.#deniedUntilMs = -Infinity;
    this.#unsure = false;
  }
}
