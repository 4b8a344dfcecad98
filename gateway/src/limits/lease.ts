import type { LeaseView, SpentAlone } from './alone.ts';
import type { Claim, ClaimOutcome, ClaimTerms, Grant, Sender, Wants, WindowId } from './claim.ts';
import { neverMs } from './clock.ts';
import type { CounterKey } from './counter-key.ts';
import { Demand, unitsAhead } from './lease-size.ts';
import { ceiling, lengthMs } from './ledger.ts';
import { isSameRule, type Limit } from './limit.ts';
import { nothingTold, toldBy, type Told } from './told.ts';

interface Now {
  readonly nowMs: number;
  readonly gateways: number;
}

/**
 * The gateway's side of one counter: units the store has counted for this gateway, partly spent (leases.md, section 4).
 * Times are whole ms of the gateway's monotonic clock. At most one claim is in flight; an answer to a claim that was
 * abandoned must not be absorbed.
 */
export class Lease implements LeaseView {
  readonly key: CounterKey;
  readonly #demand: Demand;
  #limit: Limit;
  #told: Told = nothingTold;
  /** A lost claim may have taken units in a window that we haven't heard of, and that runs no longer than this. */
  #keptUntilMs = neverMs;
  /** Units in our account as the ledger last confirmed it, less those on their way back. */
  #account = 0;
  #spent = 0;
  /** Units spent in no window we know of: to be charged to the next one we hear of. */
  #owed = 0;
  /** With fewer unspent units than this it is time to claim ahead. */
  #refillBelow = 0;
  #deniedUntilMs = neverMs;
  /** An answer came when its window was as good as over: the next claim waits for the window to end. */
  #notBeforeMs = neverMs;
  /** A claim was lost or the window replaced: the ledger may believe something else than `#account`. */
  #unsure = false;
  #inFlight: { readonly claim: Claim; readonly sentAtMs: number; doubted: boolean } | undefined;

  constructor(key: CounterKey, limit: Limit, horizonMs: number) {
    this.key = key;
    this.#limit = limit;
    this.#demand = new Demand(horizonMs);
  }

  get limit(): Limit {
    return this.#limit;
  }

  get claiming(): boolean {
    return this.#inFlight !== undefined;
  }

  /** When the next claim may be sent: a moment that has passed, unless the last answer came at the end of its window. */
  get notBeforeMs(): number {
    return this.#notBeforeMs;
  }

  /**
   * Takes over a limit as another configuration has it: a raise applies at once, and after a cut nothing is spent that the store
   * hasn't confirmed. Gives whether it has changed.
   */
  adjust(limit: Limit): boolean {
    const before = this.#limit;
    this.#limit = limit;
    if (isSameRule(before, limit)) return false;
    if (ceiling(limit) > ceiling(before)) this.#deniedUntilMs = neverMs;
    else this.#account = Math.min(this.#account, this.#spent);
    this.#unsure = true;
    return true;
  }

  /** Units that the store has counted for us and that can be spent now without asking anybody. */
  available(nowMs: number): number {
    return nowMs < this.#told.deadlineMs ? Math.max(0, this.#account - this.#spent) : 0;
  }

  /** Spends units that are available. Returns whether it is time to claim ahead. */
  spend(units: number, nowMs: number): boolean {
    this.#spent += units;
    this.#demand.add(units, nowMs);
    return this.unspent < this.#refillBelow && this.#inFlight === undefined;
  }

  /** Charges units that are spent already, however many: a cost that is known only now. The next claim tells the store. */
  owe(units: number, nowMs: number): void {
    this.#demand.add(units, nowMs);
    if (nowMs < this.#told.deadlineMs) this.#spent += units;
    else this.#owed += units;
  }

  /** Takes back units spent in a window: they can be spent again while it runs, as the store has them counted for us. */
  putBack(units: number, window: WindowId | undefined, nowMs: number): void {
    if (window !== this.#told.window || nowMs >= this.#told.deadlineMs) return;
    this.#spent = Math.max(0, this.#spent - units);
  }

  /** Whether the store said a moment ago that it hasn't so many units left. */
  denies(units: number, nowMs: number): boolean {
    if (nowMs >= this.#deniedUntilMs) return false;
    return units > this.available(nowMs) + Math.max(0, ceiling(this.#limit) - this.#told.used);
  }

  /** Whether to claim now: to get more, to give back what nobody asks for, or to state what we hold when the ledger may differ. */
  due({ wanted, usefulFrom }: Wants, now: Now): boolean {
    const { nowMs } = now;
    if (this.#inFlight !== undefined || nowMs < this.#notBeforeMs) return false;
    const available = this.available(nowMs);
    const isDenied = usefulFrom > available ? this.denies(usefulFrom, nowMs) : nowMs < this.#deniedUntilMs;
    if (this.#owed > 0 || (wanted > available && !isDenied)) return true;
    if (nowMs >= this.#told.deadlineMs) return this.#unsure;
    if (this.#unsure || this.unspent < 0) return true;
    if (wanted === 0 && this.unspent > 0 && this.#demand.isIdle(nowMs)) return true;
    return nowMs >= this.#deniedUntilMs && 2 * (this.unspent - wanted) < this.#ahead(now);
  }

  /** Whether this lease holds units of a running window, which a store that lost its data must hear of. */
  live(nowMs: number): boolean {
    return this.#owed > 0 || (nowMs < this.#told.deadlineMs && (this.#account > 0 || this.#spent > 0));
  }

  /** Whether nothing is lost by forgetting this lease: its window is over everywhere. */
  forgettable(nowMs: number): boolean {
    return !this.claiming && this.#owed === 0 && nowMs >= Math.max(this.#told.overMs, this.#keptUntilMs);
  }

  /** Makes the next claim and marks it in flight. What a window left unspent at its end is void. */
  claim({ wanted, usefulFrom, gateways, gateway, seq }: ClaimTerms, nowMs: number): Claim {
    const keeps = nowMs < this.#told.deadlineMs && (wanted > 0 || !this.#demand.isIdle(nowMs));
    const held = keeps ? this.held : this.#spent;
    const unspent = held - this.#spent;
    const want = Math.max(0, wanted + this.#ahead({ nowMs, gateways }) - unspent);
    this.#account = Math.min(this.#account, held);
    const terms = { window: this.#told.window, held, want, atLeast: Math.max(0, usefulFrom - unspent) };
    return this.#sent({ gateway, seq, ...terms }, nowMs);
  }

  /** Makes a claim that only states what we hold: what is spent, and what is left of a share. `takeOver` comes after it. */
  restate({ gateway, seq }: Sender, nowMs: number, alone?: SpentAlone): Claim {
    const isElsewhere = alone !== undefined && alone.told.window !== this.#told.window;
    const held = (isElsewhere ? 0 : this.#spent) + (alone?.spent ?? 0) + (alone?.left ?? 0);
    if (!isElsewhere) this.#account = Math.min(this.#account, this.#spent);
    const window = isElsewhere ? alone.told.window : this.#told.window;
    return this.#sent({ gateway, seq, window, held, want: 0, atLeast: 0 }, nowMs);
  }

  /**
   * Takes in the answer to the claim in flight. A ledger in another window while ours surely runs has lost its data, or never
   * saw a window that was born while the store was away: then we state what we spent in the ledger's window, which may charge
   * too much but never too little, and what we hadn't spent is void.
   */
  absorb(grant: Grant, when: Now & { readonly recheckMs: number }): ClaimOutcome {
    const inFlight = this.#inFlight;
    if (inFlight === undefined) throw new Error(`lease ${this.key}: an answer without a claim`);
    const { claim, sentAtMs, doubted } = inFlight;
    this.#inFlight = undefined;
    const wasUnsure = this.#unsure;
    this.#unsure = true;
    const told = toldBy(grant, { sentAtMs, nowMs: when.nowMs });
    const isOver = when.nowMs >= told.deadlineMs;
    this.#notBeforeMs = isOver ? when.nowMs + 1 : neverMs;
    const isOursRunning = when.nowMs < this.#told.deadlineMs;
    if (grant.outcome === 'stale' || (isOursRunning && isOver)) return 'stale';
    this.#enter(grant, claim, isOursRunning);
    this.#told = told;
    this.#voidExcess(claim.limit);
    if (doubted || (wasUnsure && grant.window !== claim.window)) this.#unsure = true;
    this.#refillBelow = Math.floor(this.#ahead(when) / 2);
    if (claim.want === 0) return 'told';
    const denied = grant.granted < claim.want;
    this.#deniedUntilMs = denied ? Math.min(when.nowMs + when.recheckMs, told.deadlineMs) : neverMs;
    if (!denied) return 'granted';
    return grant.granted > 0 ? 'partly-granted' : 'refused';
  }

  /** Gives up on the claim in flight: whether it was settled is unknown, the next claim puts it right. */
  abandon(nowMs: number): void {
    this.#inFlight = undefined;
    this.#unsure = true;
    this.#keptUntilMs = nowMs + lengthMs(this.#limit);
  }

  /** The ledger may have lost what it knew of us: the next claim states it. */
  doubt(): void {
    this.#unsure = true;
    if (this.#inFlight !== undefined) this.#inFlight.doubted = true;
  }

  get told(): Told {
    return this.#told;
  }

  get unspent(): number {
    return this.#account - this.#spent;
  }

  get held(): number {
    return Math.max(this.#account, this.#spent);
  }

  /** Takes over what was spent alone, in our window or in one that began meanwhile; the next claim states it. */
  takeOver(alone: SpentAlone): void {
    if (alone.told.window !== this.#told.window) {
      this.#told = alone.told;
      this.#account = 0;
      this.#spent = 0;
      this.#deniedUntilMs = neverMs;
    }
    this.#spent += alone.spent;
    this.#owed += alone.owed;
    this.#unsure = true;
  }

  #sent(terms: Omit<Claim, 'key' | 'limit'>, sentAtMs: number): Claim {
    this.#inFlight = { claim: { key: this.key, limit: this.#limit, ...terms }, sentAtMs, doubted: false };
    return this.#inFlight.claim;
  }

  #ahead({ nowMs, gateways }: Now): number {
    const left = nowMs < this.#told.deadlineMs ? ceiling(this.#limit) - this.#told.used : 0;
    return unitsAhead({ perHorizon: this.#demand.perHorizon(nowMs), left, gateways });
  }

  #enter(grant: Grant, claim: Claim, isOursRunning: boolean): void {
    const uncounted = Math.max(0, this.#spent - this.#account);
    this.#unsure = false;
    if (grant.window === claim.window && grant.window === this.#told.window) {
      this.#account = claim.held + grant.granted;
    } else if (isOursRunning) {
      this.#account = this.#spent + grant.granted;
      this.#unsure = this.#spent > 0;
    } else {
      this.#account = grant.granted;
      // A bucket's windows are no ends: what it doesn't know yet is still to be charged.
      this.#spent = this.#limit.kind === 'token-bucket' ? uncounted : 0;
    }
    this.#spent += this.#owed;
    this.#owed = 0;
  }

  /** Nothing is spent that a limit granted which has been lowered since, nor the rest of a share when others were granted everything. */
  #voidExcess(grantedBy: Limit): void {
    const isTooMuch = ceiling(grantedBy) > ceiling(this.#limit) || this.#told.used > ceiling(this.#limit);
    if (!isTooMuch || this.#account <= this.#spent) return;
    this.#account = this.#spent;
    this.#unsure = true;
  }
}
