import type { GatewayId } from '../limits/claim.ts';
import type { Clock } from '../limits/clock.ts';
import type { CounterStore, StoreEvents } from '../limits/counter-store.ts';
import { Alone } from '../limits/alone.ts';
import type { Charge } from '../policy/plan.ts';
import { Claims } from './claims.ts';
import { Concerned } from './concerned.ts';
import {
  decide,
  decideAlone,
  undecidable,
  type AloneTerms,
  type Due,
  type FailureRules,
} from './decision.ts';
import type { Entry } from './entry.ts';
import { KnownDues } from './known-dues.ts';
import { LeaseBook } from './lease-book.ts';
import type { LimiterRecorder } from './limiter-recorder.ts';
import { Lanes, type StorePart } from './lanes.ts';
import { Outages } from './outages.ts';
import { probeIn, probeOf } from './probe.ts';
import type { Settlement, Standing, Verdict } from './verdict.ts';
import { WaitingRoom, type Waiting } from './waiting-room.ts';

export interface LimiterSettings {
  readonly gateway: GatewayId;
  /** How long a request may wait for the store (I5). */
  readonly claimDeadlineMs: number;
  readonly gatewaysMin: number;
  readonly onStoreFailure: FailureRules;
  readonly leases: LeaseSettings;
}

/** How far ahead leases look, and how long an answer of "nothing left" is believed; whole ms. */
interface LeaseSettings {
  readonly horizonMs: number;
  readonly recheckMs: number;
}

/**
 * Claim deadlines that may pass without an answer before the store counts as away. One late answer must not start an
 * outage: it usually covers what was spent ahead of it, while a gateway that decides alone may spend what others are granted.
 */
const deadlinesOfSilence = 4;
/** Within this time of each other gateways find a store that is back, when they look ten times a second, and tell it all. */
const othersRestateMs = 300;
const countersMax = 1_000_000;
const roomMax = 10_000;

/**
 * Decides about requests: all charges are paid in one tick, or none (leases.md, section 4). Answers at once when the
 * leases can pay or are known to be empty; else it waits for the store, at most the claim deadline.
 */
export class Limiter implements StoreEvents {
  readonly #clock: Clock;
  readonly #settings: LimiterSettings;
  readonly #store: CounterStore;
  readonly #book: LeaseBook<Waiting>;
  readonly #dues: KnownDues<Waiting>;
  readonly #claims: Claims<Waiting>;
  readonly #lanes: Lanes<Waiting>;
  readonly #outages: Outages;
  readonly #probe: Entry<Waiting>;
  readonly #waitingRoom: WaitingRoom;
  readonly #concerned: Concerned<Waiting>;

  constructor(parts: {
    readonly store: CounterStore;
    readonly clock: Clock;
    readonly settings: LimiterSettings;
    readonly recorder: LimiterRecorder;
  }) {
    const { store, clock, settings, recorder } = parts;
    const { horizonMs } = settings.leases;
    this.#clock = clock;
    this.#settings = settings;
    this.#store = store;
    this.#book = new LeaseBook(clock, { horizonMs, countersMax });
    this.#dues = new KnownDues(this.#book, this.#touch);
    const room = { waitMsMax: settings.claimDeadlineMs, roomMax };
    this.#waitingRoom = new WaitingRoom(clock, room, { touched: this.#touch, overdue: this.#decideAlone });
    this.#probe = probeOf();
    this.#outages = this.#breakers(recorder);
    this.#lanes = new Lanes(store);
    this.#concerned = new Concerned(this.#book, this.#lanes);
    this.#claims = new Claims({
      store,
      clock,
      recorder,
      lanes: this.#lanes,
      away: this.#outages,
      settings: {
        ...settings.leases,
        gateway: settings.gateway,
        gatewaysMin: settings.gatewaysMin,
        silenceMsMax: deadlinesOfSilence * settings.claimDeadlineMs,
      },
      events: {
        settled: (entries) => {
          this.#waitingRoom.tryAgain(entries, this.#decide);
        },
        lost: (reason, part) => {
          this.#outages.begin(part, reason);
        },
      },
    });
  }

  /**
   * Waits until the store has answered once, so that the first requests needn't be decided without it. After `deadlineMs`, or
   * when the store fails, decisions begin alone.
   */
  async open(deadlineMs: number): Promise<void> {
    await this.#claims.ask(this.#probe, deadlineMs);
  }

  /** Whether a request that owes these charges may go on. A refused one leaves every counter as it was (I4). */
  admit(charges: readonly Charge[]): Verdict | Promise<Verdict> {
    const dues = this.#dues.of(charges);
    if (dues === undefined) return undecidable(charges, this.#settings.onStoreFailure);
    const verdict = this.#decide(dues);
    if (verdict !== undefined) return verdict;
    if (this.#waitingRoom.isFull) return undecidable(charges, this.#settings.onStoreFailure);
    return this.#waitingRoom.enter(dues);
  }

  /**
   * Settles what was paid at admission with what it has cost. More than was paid is charged, also more than is left: that closes the
   * counter until it is made up for, and the next claims tell the store. Less, and units go back to the lease they came from.
   */
  settle(settlements: readonly Settlement[]): void {
    for (const { paid, cost } of settlements) {
      const missing = cost - paid.charge.cost;
      if (missing > 0) this.#owe(paid.charge, missing);
      else if (missing < 0) this.#putBack(paid, -missing);
    }
  }

  /** The store may have lost what it acknowledged: tells it again what this gateway holds. */
  lossSuspected(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const entry of this.#book.entries) {
      // What is on its way may have been granted before the loss, in a window that this gateway hasn't heard of yet.
      if (!entry.lease.live(nowMs) && !entry.lease.claiming) continue;
      entry.lease.doubt();
      this.#claims.touch(entry);
    }
  }

  /** The store has counted the gateways that share it. */
  gatewaysCounted(gateways: number): void {
    this.#claims.gatewaysCounted(gateways);
  }

  /** For metrics and readiness. */
  get state(): { readonly storeUp: boolean; readonly gateways: number; readonly counters: number } {
    return { storeUp: !this.#outages.any, gateways: this.#claims.view.gateways, counters: this.#book.size };
  }

  leasedUnits(): number {
    return this.#book.leasedUnits();
  }

  /** Gives leases back and closes the store. Requests must have ended before. */
  async close(): Promise<void> {
    this.#outages.end();
    this.#waitingRoom.close();
    this.#book.close();
    await this.#claims.close(this.#book.entries);
    await this.#store.close();
  }

  readonly #touch = (entry: Entry<Waiting>): void => {
    this.#claims.touch(entry);
  };

  #breakers(recorder: LimiterRecorder): Outages {
    const sharesOut = Object.values(this.#settings.onStoreFailure).includes('local');
    return new Outages(this.#clock, sharesOut ? othersRestateMs : 0, {
      begun: (_, reason) => {
        recorder.storeAway(reason);
        this.#waitingRoom.reconsider(this.#decide);
      },
      probe: (part) => this.#answers(part),
      restate: (part) => this.#claims.restate(this.#concerned.unheard(part, this.#clock.monotonicMs())),
      over: (part) => {
        recorder.storeBack();
        this.#claims.resume(this.#concerned.back(part, this.#isAway));
      },
    });
  }

  #owe({ key, limit }: Charge, units: number): void {
    const entry = this.#book.entry(key, limit, this.#touch);
    if (entry === undefined) return;
    // Only what is spent of its share is seen by decisions made alone.
    if (this.#outages.any && this.#isAway(entry)) this.#aloneOf(entry).spend(units, this.#aloneTerms());
    else entry.lease.owe(units, this.#clock.monotonicMs());
    this.#claims.touch(entry);
  }

  #putBack({ charge: { key, limit }, window }: Standing, units: number): void {
    const entry = this.#book.entry(key, limit, this.#touch);
    if (entry === undefined) return;
    entry.lease.putBack(units, window, this.#clock.monotonicMs());
    this.#claims.hold(entry);
  }

  /** Whether a part answers; one that has no counters of ours any more needn't. */
  async #answers(part: StorePart): Promise<boolean> {
    const probe =
      part === undefined ? this.#probe : (probeIn(part, this.#lanes) ?? this.#concerned.anyOf(part));
    return probe === undefined || this.#claims.restate([probe]);
  }

  readonly #isAway = (entry: Entry<Waiting>): boolean => this.#outages.has(this.#lanes.partOf(entry));

  readonly #decide = (dues: readonly Due<Waiting>[]): Verdict | undefined => {
    if (this.#outages.any) return decideAlone(dues, { ...this.#aloneTerms(), isAway: this.#isAway });
    return decide(dues, this.#clock.monotonicMs(), this.#touch);
  };

  readonly #decideAlone = (dues: readonly Due<Waiting>[]): Verdict => decideAlone(dues, this.#aloneTerms());

  #aloneTerms(): AloneTerms<Waiting> {
    return {
      rules: this.#settings.onStoreFailure,
      aloneOf: this.#aloneOf,
      runsLow: this.#touch,
      ...this.#claims.view.at(this.#clock.monotonicMs()),
    };
  }

  readonly #aloneOf = (entry: Entry<Waiting>): Alone => {
    const by = { gateways: this.#claims.view.gateways, nowMs: this.#clock.monotonicMs() };
    entry.alone ??= new Alone(entry.lease.limit, entry.lease, by);
    return entry.alone;
  };
}
