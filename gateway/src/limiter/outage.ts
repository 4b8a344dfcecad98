import type { Clock } from '../limits/clock.ts';
import type { StoreError } from '../limits/counter-store.ts';

export interface OutageEvents {
  begun(reason: StoreError): void;
  /** Asks the store once; resolves to whether it answered in time. Never rejects. */
  probe(): Promise<boolean>;
  over(): void;
}

const probeEveryMs = 100;

/**
 * The circuit breaker: the first lost claim opens it, so an outage costs one claim deadline and not one per request.
 * While it is open, one probe at a time looks for the store; the first one that is answered closes it.
 */
export class Outage {
  readonly #clock: Clock;
  readonly #events: OutageEvents;
  #lasts = false;
  #ended = false;
  #cancelProbe = (): void => {};

  constructor(clock: Clock, events: OutageEvents) {
    this.#clock = clock;
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
    this.#cancelProbe();
  }

  async #probe(): Promise<void> {
    const answered = await this.#events.probe();
    if (this.#ended) return;
    if (answered) {
      this.#lasts = false;
      this.#events.over();
      return;
    }
    this.#cancelProbe = this.#clock.after(probeEveryMs, () => {
      void this.#probe();
    });
  }
}
