import type { Claim, GatewayId, Grant } from '../limits/claim.ts';
import type { Clock } from '../limits/clock.ts';
import { claimsPerBatchMax, StoreError, type CounterStore } from '../limits/counter-store.ts';
import { wantsOf, type Entry } from './entry.ts';
import { batches, type Lane, type Lanes, type StorePart } from './lanes.ts';
import type { LimiterRecorder } from './limiter-recorder.ts';
import type { Outages } from './outages.ts';
import { settleInTime } from './settle-in-time.ts';
import { StoreView } from './store-view.ts';

export interface ClaimSettings {
  readonly gateway: GatewayId;
  /** A claim that is unanswered for this long is lost, and the store counts as away. */
  readonly silenceMsMax: number;
  /** How long an answer of "nothing left" is believed. */
  readonly recheckMs: number;
  /** How often leases that hold unspent units are looked at, to give back what nobody asks for. */
  readonly horizonMs: number;
  /** What to assume until the store has told how many gateways there are, and at least. */
  readonly gatewaysMin: number;
}

/** Claims are sent while fewer batches than this owe an answer of one part of the store: more would wait in the store's queue instead of here. */
const batchesInFlightMax = 64;

/** What became of claims that left together; their leases have taken in the answers, or given up on them. */
export interface ClaimEvents<Waiter> {
  settled(entries: readonly Entry<Waiter>[]): void;
  lost(reason: StoreError, part: StorePart): void;
}

/**
 * The claims of this gateway. Those of one turn of the event loop leave together; a counter never has two in flight. A claim
 * that isn't answered in time is lost: a late answer is ignored, since the next claim tells the ledger what we hold.
 */
export class Claims<Waiter> {
  readonly #store: CounterStore;
  readonly #clock: Clock;
  readonly #settings: ClaimSettings;
  readonly #events: ClaimEvents<Waiter>;
  readonly #recorder: LimiterRecorder;
  readonly #view: StoreView;
  readonly #lanes: Lanes<Waiter>;
  /** Parts that are away are asked nothing but by `restate` and `ask`. */
  readonly #away: Pick<Outages, 'any' | 'has'>;
  /** Entries with unspent units. */
  readonly #holding = new Set<Entry<Waiter>>();
  readonly #sending = new Set<Promise<boolean>>();
  #cancelLook: (() => void) | undefined;
  #closed = false;
  #seq = 0;

  constructor(parts: {
    readonly store: CounterStore;
    readonly clock: Clock;
    readonly settings: ClaimSettings;
    readonly events: ClaimEvents<Waiter>;
    readonly recorder: LimiterRecorder;
    readonly lanes: Lanes<Waiter>;
    readonly away: Pick<Outages, 'any' | 'has'>;
  }) {
    this.#store = parts.store;
    this.#lanes = parts.lanes;
    this.#away = parts.away;
    this.#clock = parts.clock;
    this.#settings = parts.settings;
    this.#events = parts.events;
    this.#recorder = parts.recorder;
    this.#view = new StoreView(parts.clock, parts.settings.gatewaysMin);
  }

  get view(): StoreView {
    return this.#view;
  }

  gatewaysCounted(gateways: number): void {
    this.#view.gatewaysCounted(gateways, this.#away.any);
  }

  /** Notes that an entry may have something to claim; claims leave at the end of this turn. */
  touch(entry: Entry<Waiter>): void {
    const lane = this.#lanes.of(entry);
    lane.touched.add(entry);
    this.#planTurn(lane);
  }

  /** Notes that an entry holds unspent units, which go back when nobody asks for them. */
  hold(entry: Entry<Waiter>): void {
    this.#holding.add(entry);
    this.#lookLater();
  }

  /** Claims again; what is held, and what was spent alone, is stated with the next claim of each counter, or by itself. */
  resume(entries: readonly Entry<Waiter>[]): void {
    const nowMs = this.#clock.monotonicMs();
    for (const entry of entries) {
      this.#takeOver(entry, nowMs);
      if (entry.lease.live(nowMs)) entry.lease.doubt();
      this.touch(entry);
    }
  }

  /** States what these entries hold, one batch after the other in each lane. Resolves to whether the store has heard of each and has answered. */
  async restate(entries: readonly Entry<Waiter>[]): Promise<boolean> {
    const free = entries.filter(({ lease }) => !lease.claiming);
    const restating = [...this.#lanes.sorted(free)].map(async ([lane, own]) => {
      for (const batch of batches(own)) {
        if (!(await this.#send(lane, batch, { claimOf: this.#restatementOf }))) return false;
      }
      return true;
    });
    const heard = await Promise.all(restating);
    return free.length === entries.length && heard.every(Boolean);
  }

  /** Asks about one entry and waits for the answer, longer than for other claims. */
  async ask(entry: Entry<Waiter>, deadlineMs: number): Promise<boolean> {
    return this.#send(this.#lanes.of(entry), [entry], { deadlineMs });
  }

  /** Waits for the claims on their way, then gives back what is unspent, once. */
  async close(entries: readonly Entry<Waiter>[]): Promise<void> {
    this.#closed = true;
    this.#cancelLook?.();
    await Promise.all(this.#sending);
    const nowMs = this.#clock.monotonicMs();
    for (const entry of entries) this.#takeOver(entry, nowMs);
    const live = entries.filter(({ lease }) => lease.live(nowMs));
    await this.restate(live);
  }

  #planTurn(lane: Lane<Waiter>): void {
    if (lane.turnPlanned || this.#isShut(lane) || lane.inFlight >= batchesInFlightMax) return;
    lane.turnPlanned = true;
    this.#clock.atEndOfTurn(() => {
      lane.turnPlanned = false;
      if (!this.#isShut(lane)) this.#sendTouched(lane);
    });
  }

  #isShut(lane: Lane<Waiter>): boolean {
    return this.#closed || this.#away.has(lane.part);
  }

  /** As many as there is room for: what is owed an answer stays small, so that answers come in time. */
  #sendTouched(lane: Lane<Waiter>): void {
    const room = (batchesInFlightMax - lane.inFlight) * claimsPerBatchMax;
    const due: Entry<Waiter>[] = [];
    for (const entry of lane.touched) {
      if (due.length >= room) break;
      lane.touched.delete(entry);
      if (this.#isDue(entry)) due.push(entry);
    }
    for (const batch of batches(due)) void this.#send(lane, batch);
  }

  #isDue(entry: Entry<Waiter>): boolean {
    const now = { nowMs: this.#clock.monotonicMs(), gateways: this.#view.gateways };
    return entry.forgotten === undefined && entry.lease.due(wantsOf(entry), now);
  }

  /** Sends one batch; resolves, when it is settled or lost, to whether the store answered in time. */
  #send(
    lane: Lane<Waiter>,
    entries: readonly Entry<Waiter>[],
    how: {
      readonly claimOf?: (entry: Entry<Waiter>, nowMs: number) => Claim;
      readonly deadlineMs?: number;
    } = {},
  ): Promise<boolean> {
    const { claimOf = this.#claimOf, deadlineMs = this.#settings.silenceMsMax } = how;
    const sentAtMs = this.#clock.monotonicMs();
    const claims = entries.map((entry) => claimOf(entry, sentAtMs));
    const within = { clock: this.#clock, deadlineMs };
    const sending = settleInTime({ store: this.#store, claims }, within).then((answer) => {
      this.#sending.delete(sending);
      lane.inFlight -= 1;
      const lost = answer instanceof StoreError;
      if (lost) this.#lose(lane, entries, answer);
      else this.#absorb(entries, answer, sentAtMs);
      if (lane.touched.size > 0) this.#planTurn(lane);
      return !lost;
    });
    this.#sending.add(sending);
    lane.inFlight += 1;
    return sending;
  }

  readonly #claimOf = (entry: Entry<Waiter>, nowMs: number): Claim => {
    return entry.lease.claim({ ...this.#sender(), ...wantsOf(entry), gateways: this.#view.gateways }, nowMs);
  };

  readonly #restatementOf = (entry: Entry<Waiter>, nowMs: number): Claim => {
    return entry.lease.restate(this.#sender(), nowMs, entry.alone?.result(this.#view.at(nowMs)));
  };

  /** What was decided without the store becomes the lease's: it knows now what to state. */
  #takeOver(entry: Entry<Waiter>, nowMs: number): void {
    if (entry.alone !== undefined) entry.lease.takeOver(entry.alone.result(this.#view.at(nowMs)));
    entry.alone = undefined;
  }

  #sender(): { readonly gateway: GatewayId; readonly seq: number } {
    this.#seq += 1;
    return { gateway: this.#settings.gateway, seq: this.#seq };
  }

  #absorb(entries: readonly Entry<Waiter>[], grants: readonly Grant[], sentAtMs: number): void {
    const nowMs = this.#clock.monotonicMs();
    const { recheckMs } = this.#settings;
    for (const [index, entry] of entries.entries()) {
      const grant = grants[index];
      if (grant === undefined) throw new Error('the store answered fewer claims than it was asked');
      this.gatewaysCounted(grant.gateways);
      this.#takeOver(entry, nowMs);
      const outcome = entry.lease.absorb(grant, { nowMs, recheckMs, gateways: this.#view.gateways });
      this.#recorder.settled(outcome);
      this.#view.heardAt(nowMs, grant, entry.lease.limit);
    }
    this.#recorder.batchTook(nowMs - sentAtMs);
    this.#events.settled(entries);
    for (const entry of entries) {
      // Where the window was as good as over, asking again at once could go on until the store agrees.
      const notYetMs = entry.lease.notBeforeMs - nowMs;
      if (notYetMs > 0) this.#clock.after(notYetMs, () => this.touch(entry));
      else if (this.#isDue(entry)) this.touch(entry);
      if (entry.lease.available(nowMs) > 0) this.hold(entry);
    }
  }

  #lose(lane: Lane<Waiter>, entries: readonly Entry<Waiter>[], reason: StoreError): void {
    const nowMs = this.#clock.monotonicMs();
    for (const entry of entries) entry.lease.abandon(nowMs);
    this.#recorder.lost(entries.length);
    this.#events.lost(reason, lane.part);
  }

  #lookLater(): void {
    if (this.#cancelLook !== undefined || this.#holding.size === 0 || this.#closed) return;
    this.#cancelLook = this.#clock.after(this.#settings.horizonMs, () => {
      this.#cancelLook = undefined;
      const nowMs = this.#clock.monotonicMs();
      for (const entry of this.#holding) {
        if (entry.lease.available(nowMs) === 0) this.#holding.delete(entry);
        else if (this.#isDue(entry)) this.touch(entry);
      }
      this.#lookLater();
    });
  }
}
