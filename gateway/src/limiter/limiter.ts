import type { GatewayId } from '../limits/claim.ts';
import type { Clock } from '../limits/clock.ts';
import { counterKey } from '../limits/counter-key.ts';
import type { CounterStore } from '../limits/counter-store.ts';
import type { Limit } from '../limits/limit.ts';
import type { Charge } from '../policy/plan.ts';
import { decide, decideAlone, undecidable, type Due, type FailureRules } from './decision.ts';
import type { Entry } from './entry.ts';
import type { LimiterRecorder } from './limiter-recorder.ts';
import { LeaseBook } from './lease-book.ts';
import { Outage } from './outage.ts';
import type { Verdict } from './verdict.ts';

export interface LimiterSettings {
  readonly gateway: GatewayId;
  /** How long a request may wait for the store (I5). */
  readonly claimDeadlineMs: number;
  readonly gatewaysMin: number;
  readonly onStoreFailure: FailureRules;
}

interface Waiting {
  readonly arrival: number;
  readonly dues: readonly Due<Waiting>[];
  readonly deadlineMs: number;
  readonly decide: (verdict: Verdict) => void;
}

const recheckMs = 100;
/**
 * Claim deadlines that may pass without an answer before the store counts as away. One late answer must not start an
 * outage: it usually covers what was spent ahead of it, while a gateway that decides alone may spend what others are granted.
 */
const deadlinesOfSilence = 4;
const countersMax = 1_000_000;
const waitingMax = 10_000;
const probeLimit: Limit = { kind: 'fixed-window', quota: 0, windowMs: 1000, starts: 'aligned' };
const probe = { key: counterKey('probe', probeLimit, []), limit: probeLimit };

/**
 * Decides about requests: all charges are paid in one tick, or none (leases.md, section 4). Answers at once when the
 * leases can pay or are known to be empty; else it waits for the store, at most the claim deadline.
 */
export class Limiter {
  readonly #clock: Clock;
  readonly #settings: LimiterSettings;
  readonly #store: CounterStore;
  readonly #book: LeaseBook<Waiting>;
  readonly #outage: Outage;
  /** In order of arrival, so the first one's deadline comes first. */
  readonly #waiting = new Set<Waiting>();
  #cancelDeadline: (() => void) | undefined;
  #arrivals = 0;

  constructor(parts: {
    readonly store: CounterStore;
    readonly clock: Clock;
    readonly settings: LimiterSettings;
    readonly recorder: LimiterRecorder;
  }) {
    const { store, clock, settings, recorder } = parts;
    this.#clock = clock;
    this.#settings = settings;
    this.#store = store;
    this.#book = new LeaseBook({
      store,
      clock,
      recorder,
      settings: {
        ...settings,
        silenceMsMax: deadlinesOfSilence * settings.claimDeadlineMs,
        recheckMs,
        countersMax,
      },
      events: {
        settled: (entries) => {
          this.#tryAgain(entries);
        },
        lost: (reason) => {
          this.#outage.begin(reason);
        },
      },
    });
    this.#outage = new Outage(clock, {
      begun: (reason) => {
        recorder.storeAway(reason);
        this.#book.pause();
        for (const waiting of this.#waiting) this.#settle(waiting, this.#decideAlone(waiting.dues));
      },
      probe: () => this.#book.restate(probe),
      over: () => {
        recorder.storeBack();
        this.#book.resume();
      },
    });
  }

  /**
   * Waits until the store has answered once, so that the first requests needn't be decided without it. After `deadlineMs`, or
   * when the store fails, decisions begin alone.
   */
  async open(deadlineMs: number): Promise<void> {
    await this.#book.firstContact(probe, deadlineMs);
  }

  /** Whether a request that owes these charges may go on. A refused one leaves every counter as it was (I4). */
  admit(charges: readonly Charge[]): Verdict | Promise<Verdict> {
    const dues: Due<Waiting>[] = [];
    for (const charge of charges) {
      const entry = this.#book.entry(charge.key, charge.limit);
      if (entry === undefined) return undecidable(charges, this.#settings.onStoreFailure);
      dues.push({ charge, entry });
    }
    if (this.#outage.lasts) return this.#decideAlone(dues);
    const verdict = decide(dues, this.#clock.monotonicMs());
    if (verdict !== undefined) return verdict;
    if (this.#waiting.size >= waitingMax) return undecidable(charges, this.#settings.onStoreFailure);
    return this.#wait(dues);
  }

  /** For metrics and readiness. */
  get state(): { readonly storeUp: boolean; readonly gateways: number; readonly counters: number } {
    return { storeUp: !this.#outage.lasts, gateways: this.#book.gateways, counters: this.#book.counters };
  }

  leasedUnits(): number {
    return this.#book.leasedUnits();
  }

  /** Gives leases back and closes the store. Requests must have ended before. */
  async close(): Promise<void> {
    this.#outage.end();
    this.#cancelDeadline?.();
    await this.#book.close();
    await this.#store.close();
  }

  #wait(dues: readonly Due<Waiting>[]): Promise<Verdict> {
    return new Promise((decide) => {
      this.#arrivals += 1;
      const deadlineMs = this.#clock.monotonicMs() + this.#settings.claimDeadlineMs;
      const waiting: Waiting = { arrival: this.#arrivals, dues, deadlineMs, decide };
      this.#waiting.add(waiting);
      for (const { charge, entry } of dues) {
        entry.waiting.set(waiting, charge.cost);
        this.#book.touch(entry);
      }
      this.#watchDeadline();
    });
  }

  #settle(waiting: Waiting, verdict: Verdict): void {
    this.#waiting.delete(waiting);
    for (const { entry } of waiting.dues) {
      entry.waiting.delete(waiting);
      this.#book.touch(entry);
    }
    waiting.decide(verdict);
  }

  /** After an answer: those who waited for these counters try again, in order of arrival. */
  #tryAgain(entries: readonly Entry<Waiting>[]): void {
    const nowMs = this.#clock.monotonicMs();
    const concerned = new Set(entries.flatMap((entry) => [...entry.waiting.keys()]));
    for (const waiting of [...concerned].sort((a, b) => a.arrival - b.arrival)) {
      const verdict = decide(waiting.dues, nowMs);
      if (verdict !== undefined) this.#settle(waiting, verdict);
    }
  }

  /** One timer, for the request that has waited longest. A turn later, as an answer may already lie in the socket. */
  #watchDeadline(): void {
    if (this.#cancelDeadline !== undefined) return;
    const [first] = this.#waiting;
    if (first === undefined) return;
    const delayMs = Math.max(0, first.deadlineMs - this.#clock.monotonicMs());
    this.#cancelDeadline = this.#clock.after(delayMs, () => {
      this.#clock.atEndOfTurn(() => {
        this.#cancelDeadline = undefined;
        const nowMs = this.#clock.monotonicMs();
        for (const waiting of this.#waiting) {
          if (waiting.deadlineMs > nowMs) break;
          this.#settle(waiting, this.#decideAlone(waiting.dues));
        }
        this.#watchDeadline();
      });
    });
  }

  #decideAlone(dues: readonly Due<Waiting>[]): Verdict {
    const nowMs = this.#clock.monotonicMs();
    return decideAlone(dues, {
      rules: this.#settings.onStoreFailure,
      takeShare: (entry) => {
        this.#book.takeShare(entry, nowMs);
      },
      nowMs,
    });
  }
}
