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
 * The circuit breaker: the first lost claim opens it, so an outage costs one claim deadline and not one per request.
 * While it is open, one probe at a time looks for the store. When one is answered, this gateway states what it has spent, and
 * goes on alone until the others have had the time to do so too: before that the store would grant what they have spent already.
 */
export class Outage {
  readonly #clock: Clock;
  readonly #events: OutageEvents;
  readonly #settlingMs: number;
  #lasts = false;
  #ended = false;
  #cancelNext = (): void => {};

  /** `settlingMs`: how long others may need to find the store again and to state what they have spent. */
  constructor(clock: Clock, settlingMs: number, events: OutageEvents) {
    this.#clock = clock;
    this.#settlingMs = settlingMs;
    this.#events = events;
  }

  get lasts(): boolean {
    return this.#lasts;
  }

  begin(reason: StoreError): void {
    if (this.#lasts || this.#ended) return;
    this.#lasts = true;
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
      this.#lasts = false;
      this.#events.over();
    });
  }
}
