import type { Clock } from '../limits/clock.ts';
import type { StoreError } from '../limits/counter-store.ts';

export interface OutageEvents {
  begun(reason: StoreError): void;
  /** Asks the store once; resolves to whether it answered in time. Never rejects. */
  probe(): Promise<boolean>;
  /** Tells the store all that was spent; resolves to whether it has heard everything. Never rejects. */
  restate(): Promise<boolean>;
  over(): void;
}

const probeEveryMs = 100;

/**
 * One outage, from the first lost claim, which opens the circuit: so it costs one claim deadline and not one per request. While it
 * lasts, one probe at a time looks for the store. When one is answered, this gateway states what it has spent, and
 * goes on alone until the others have had the time to do so too: before that the store would grant what they have spent already.
 */
export class Outage {
  readonly #clock: Clock;
  readonly #events: OutageEvents;
  readonly #settlingMs: number;
  #ended = false;
  #cancelNext = (): void => {};

  /** `settlingMs`: how long others may need to find the store again and to state what they have spent. */
  constructor(clock: Clock, settlingMs: number, events: OutageEvents) {
    this.#clock = clock;
    this.#settlingMs = settlingMs;
    this.#events = events;
  }

  begin(reason: StoreError): void {
    this.#events.begun(reason);
    void this.#probe();
  }

  /** For good: no probe follows. */
  end(): void {
    this.#ended = true;
    this.#cancelNext();
  }

  async #probe(): Promise<void> {
    const isBack = (await this.#events.probe()) && (await this.#events.restate());
    if (this.#ended) return;
    this.#cancelNext = this.#clock.after(isBack ? this.#settlingMs : probeEveryMs, () => {
      if (!isBack) {
        void this.#probe();
        return;
      }
      this.#events.over();
    });
  }
}
