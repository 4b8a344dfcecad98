import type { Clock } from '../limits/clock.ts';
import type { Due } from './decision.ts';
import { addWaiter, removeWaiter, type Entry } from './entry.ts';
import type { Verdict } from './verdict.ts';

/** A request that waits for the store. */
export interface Waiting {
  readonly arrival: number;
  readonly dues: readonly Due<Waiting>[];
  readonly deadlineMs: number;
  readonly decide: (verdict: Verdict) => void;
}

export interface WaitingRoomSettings {
  /** How long a request may wait (I5). */
  readonly waitMsMax: number;
  readonly roomMax: number;
}

export interface WaitingRoomEvents {
  /** Somebody began or ceased to wait for this entry. */
  touched(entry: Entry<Waiting>): void;
  /** Decides about a request that has waited long enough. */
  overdue(dues: readonly Due<Waiting>[]): Verdict;
}

/** The requests that wait for the store, in order of arrival: each until it is decided, at most until its deadline. */
export class WaitingRoom {
  readonly #clock: Clock;
  readonly #settings: WaitingRoomSettings;
  readonly #events: WaitingRoomEvents;
  /** In order of arrival, so the first one's deadline comes first. */
  readonly #waiting = new Set<Waiting>();
  #cancelDeadline: (() => void) | undefined;
  #arrivals = 0;

  constructor(clock: Clock, settings: WaitingRoomSettings, events: WaitingRoomEvents) {
    this.#clock = clock;
    this.#settings = settings;
    this.#events = events;
  }

  get isFull(): boolean {
    return this.#waiting.size >= this.#settings.roomMax;
  }

  enter(dues: readonly Due<Waiting>[]): Promise<Verdict> {
    return new Promise((decide) => {
      this.#arrivals += 1;
      const deadlineMs = this.#clock.monotonicMs() + this.#settings.waitMsMax;
      const waiting: Waiting = { arrival: this.#arrivals, dues, deadlineMs, decide };
      this.#waiting.add(waiting);
      for (const { charge, entry } of dues) {
        addWaiter(entry, waiting, charge);
        this.#events.touched(entry);
      }
      this.#watchDeadline();
    });
  }

  /** Those who wait for these entries try again, in order of arrival; who gets no verdict goes on waiting. */
  tryAgain(
    entries: readonly Entry<Waiting>[],
    decide: (dues: readonly Due<Waiting>[]) => Verdict | undefined,
  ): void {
    const concerned: Waiting[] = [];
    for (const entry of entries) for (const { waiter } of entry.waiting) concerned.push(waiter);
    concerned.sort((a, b) => a.arrival - b.arrival);
    for (const [index, waiting] of concerned.entries()) {
      // Who waits for several of them stands there as often.
      if (waiting === concerned[index - 1]) continue;
      const verdict = decide(waiting.dues);
      if (verdict !== undefined) this.#leave(waiting, verdict);
      else for (const { entry } of waiting.dues) this.#events.touched(entry);
    }
  }

  /** A part of the store is away: all try again, in order of arrival; who gets no verdict goes on waiting. */
  reconsider(decide: (dues: readonly Due<Waiting>[]) => Verdict | undefined): void {
    for (const waiting of this.#waiting) {
      const verdict = decide(waiting.dues);
      if (verdict !== undefined) this.#leave(waiting, verdict);
    }
  }

  close(): void {
    this.#cancelDeadline?.();
  }

  #leave(waiting: Waiting, verdict: Verdict): void {
    this.#waiting.delete(waiting);
    for (const { entry } of waiting.dues) {
      removeWaiter(entry, waiting);
      this.#events.touched(entry);
    }
    waiting.decide(verdict);
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
          this.#leave(waiting, this.#events.overdue(waiting.dues));
        }
        this.#watchDeadline();
      });
    });
  }
}
