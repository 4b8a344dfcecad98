import type { Claim, GatewayId, Grant } from '../limits/claim.ts';
import type { Clock } from '../limits/clock.ts';
import type { CounterKey } from '../limits/counter-key.ts';
import { claimsPerBatchMax, StoreError, type CounterStore } from '../limits/counter-store.ts';
import { Lease } from '../limits/lease.ts';
import type { Limit } from '../limits/limit.ts';
import { isDue, unitsWanted, type Entry } from './entry.ts';
import type { LimiterRecorder } from './limiter-recorder.ts';
import { settleInTime } from './settle-in-time.ts';

export interface LeaseBookSettings {
  readonly gateway: GatewayId;
  /** A claim that is unanswered for this long is lost, and the store counts as away. */
  readonly silenceMsMax: number;
  /** How long an answer of "nothing left" is believed. */
  readonly recheckMs: number;
  /** Counters kept in memory at most. */
  readonly countersMax: number;
  /** What to assume until the store has told how many gateways there are, and at least. */
  readonly gatewaysMin: number;
}

/** A counter to ask about when there is nothing to claim. */
export interface CounterLimit {
  readonly key: CounterKey;
  readonly limit: Limit;
}

/** What became of claims that left together; their leases have taken in the answers, or given up on them. */
export interface ClaimEvents<Waiter> {
  settled(entries: readonly Entry<Waiter>[]): void;
  lost(reason: StoreError): void;
}

const sweepEveryMs = 1000;

/**
 * All leases of this gateway and their claims. Claims of one turn of the event loop leave together; a counter never has
 * two in flight. A claim that isn't answered in time is lost: a late answer is ignored, since the next claim's `held`
 * tells the ledger to take the units back.
 */
export class LeaseBook<Waiter> {
  readonly #store: CounterStore;
  readonly #clock: Clock;
  readonly #settings: LeaseBookSettings;
  readonly #events: ClaimEvents<Waiter>;
  readonly #recorder: LimiterRecorder;
  readonly #entries = new Map<CounterKey, Entry<Waiter>>();
  readonly #touched = new Set<Entry<Waiter>>();
  readonly #sending = new Set<Promise<boolean>>();
  #cancelSweep = (): void => {};
  #turnPlanned = false;
  #paused = false;
  #seq = 0;
  #gateways: number;
  /** What to add to this gateway's monotonic clock to get the store's, as the last grant showed; rather low than high. */
  #storeAheadMs: number;

  constructor(parts: {
    readonly store: CounterStore;
    readonly clock: Clock;
    readonly settings: LeaseBookSettings;
    readonly events: ClaimEvents<Waiter>;
    readonly recorder: LimiterRecorder;
  }) {
    this.#store = parts.store;
    this.#clock = parts.clock;
    this.#settings = parts.settings;
    this.#events = parts.events;
    this.#recorder = parts.recorder;
    this.#gateways = parts.settings.gatewaysMin;
    this.#storeAheadMs = parts.clock.wallMs() - parts.clock.monotonicMs();
    this.#sweepLater();
  }

  get counters(): number {
    return this.#entries.size;
  }

  get gateways(): number {
    return this.#gateways;
  }

  /** The entry of a counter, made when missing; undefined when the book is full of counters that still matter. */
  entry(key: CounterKey, limit: Limit): Entry<Waiter> | undefined {
    const known = this.#entries.get(key);
    if (known !== undefined) {
      if (known.lease.limit !== limit) known.lease.adjust(limit);
      return known;
    }
    if (this.#entries.size >= this.#settings.countersMax) return undefined;
    const entry = { lease: new Lease(key, limit), waiting: new Map<Waiter, number>() };
    this.#entries.set(key, entry);
    return entry;
  }

  /** Notes that an entry may have something to claim; claims leave at the end of this turn. */
  touch(entry: Entry<Waiter>): void {
    this.#touched.add(entry);
    if (this.#turnPlanned || this.#paused) return;
    this.#turnPlanned = true;
    this.#clock.atEndOfTurn(() => {
      this.#turnPlanned = false;
      if (!this.#paused) this.#claimTouched();
    });
  }

  /** Stops claiming; what was in flight is lost. Requests decide by shares until `resume`. */
  pause(): void {
    this.#paused = true;
  }

  /** Claims again; every lease states what it spent meanwhile. */
  resume(): void {
    this.#paused = false;
    const nowMs = this.#clock.monotonicMs();
    for (const entry of this.#entries.values()) {
      entry.lease.endShare();
      if (isDue(entry, nowMs)) this.touch(entry);
    }
  }

  /** Works out what an entry may spend while the store is away. */
  takeShare(entry: Entry<Waiter>, nowMs: number): void {
    entry.lease.takeShare({ nowMs, storeNowMs: nowMs + this.#storeAheadMs, gateways: this.#gateways });
  }

  /** Asks the store about `probe` and waits for its answer, longer than a claim would. */
  async firstContact(probe: CounterLimit, deadlineMs: number): Promise<void> {
    await this.#send([this.#probeEntry(probe)], deadlineMs);
  }

  /**
   * Tells the store what every live lease holds and gives back what is unspent; asks it about `probe` when there is
   * nothing to tell. Resolves to whether the store answered everything.
   */
  async restate(probe: CounterLimit): Promise<boolean> {
    const nowMs = this.#clock.monotonicMs();
    const live = [...this.#entries.values()].filter(({ lease }) => lease.live(nowMs) && !lease.claiming);
    if (live.length === 0) live.push(this.#probeEntry(probe));
    for (let from = 0; from < live.length; from += claimsPerBatchMax) {
      if (!(await this.#send(live.slice(from, from + claimsPerBatchMax)))) return false;
    }
    return true;
  }

  /** Gives back what is unspent, once, and stops. */
  async close(): Promise<void> {
    this.#paused = true;
    this.#cancelSweep();
    await Promise.all(this.#sending);
    const nowMs = this.#clock.monotonicMs();
    const due = [...this.#entries.values()].filter((entry) => isDue(entry, nowMs));
    for (let from = 0; from < due.length; from += claimsPerBatchMax) {
      if (!(await this.#send(due.slice(from, from + claimsPerBatchMax)))) return;
    }
  }

  /** Units counted in the store for this gateway and not spent. Walks all counters. */
  leasedUnits(): number {
    const nowMs = this.#clock.monotonicMs();
    let units = 0;
    for (const { lease } of this.#entries.values()) units += lease.available(nowMs);
    return units;
  }

  #claimTouched(): void {
    const nowMs = this.#clock.monotonicMs();
    const ready = [...this.#touched].filter((entry) => isDue(entry, nowMs));
    this.#touched.clear();
    for (let from = 0; from < ready.length; from += claimsPerBatchMax) {
      void this.#send(ready.slice(from, from + claimsPerBatchMax));
    }
  }

  /** Sends one batch; resolves, when it is settled or lost, to whether the store answered in time. */
  #send(entries: readonly Entry<Waiter>[], deadlineMs = this.#settings.silenceMsMax): Promise<boolean> {
    const sentAtMs = this.#clock.monotonicMs();
    const claims = entries.map((entry) => this.#claimOf(entry, sentAtMs));
    const within = { clock: this.#clock, deadlineMs };
    const sending = settleInTime({ store: this.#store, claims }, within).then((answer) => {
      this.#sending.delete(sending);
      const lost = answer instanceof StoreError;
      if (lost) this.#lose(entries, answer);
      else this.#absorb(entries, answer, sentAtMs);
      return !lost;
    });
    this.#sending.add(sending);
    return sending;
  }

  #probeEntry({ key, limit }: CounterLimit): Entry<Waiter> {
    return { lease: new Lease(key, limit), waiting: new Map() };
  }

  #claimOf(entry: Entry<Waiter>, nowMs: number): Claim {
    const wanted = unitsWanted(entry);
    const usefulFrom = entry.waiting.values().next().value ?? 0;
    this.#seq += 1;
    return entry.lease.claim({ gateway: this.#settings.gateway, seq: this.#seq, wanted, usefulFrom }, nowMs);
  }

  #absorb(entries: readonly Entry<Waiter>[], grants: readonly Grant[], sentAtMs: number): void {
    const nowMs = this.#clock.monotonicMs();
    const { recheckMs, gatewaysMin } = this.#settings;
    for (const [index, entry] of entries.entries()) {
      const grant = grants[index];
      if (grant === undefined) throw new Error('the store answered fewer claims than it was asked');
      const outcome = entry.lease.absorb(grant, { nowMs, recheckMs });
      this.#recorder.settled(outcome);
      this.#gateways = Math.max(gatewaysMin, grant.gateways);
      this.#storeAheadMs = grant.window + entry.lease.limit.windowMs - grant.endsInMs - nowMs;
    }
    this.#recorder.batchTook(nowMs - sentAtMs);
    this.#events.settled(entries);
    for (const entry of entries) {
      if (isDue(entry, nowMs)) this.touch(entry);
    }
  }

  #lose(entries: readonly Entry<Waiter>[], reason: StoreError): void {
    for (const entry of entries) entry.lease.abandon();
    this.#recorder.lost(entries.length);
    this.#events.lost(reason);
  }

  #sweepLater(): void {
    this.#cancelSweep = this.#clock.after(sweepEveryMs, () => {
      const nowMs = this.#clock.monotonicMs();
      for (const [key, { lease, waiting }] of this.#entries) {
        if (waiting.size === 0 && lease.forgettable(nowMs)) this.#entries.delete(key);
      }
      this.#sweepLater();
    });
  }
}
