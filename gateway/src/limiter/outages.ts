import type { Clock } from '../limits/clock.ts';
import type { StoreError } from '../limits/counter-store.ts';
import type { StorePart } from './lanes.ts';
import { Outage } from './outage.ts';

/** As of one outage, for each part. */
export interface PartEvents {
  begun(part: StorePart, reason: StoreError): void;
  probe(part: StorePart): Promise<boolean>;
  restate(part: StorePart): Promise<boolean>;
  over(part: StorePart): void;
}

/** The parts of the store that are away, each with a breaker of its own: what lies on the others is counted exactly meanwhile. */
export class Outages {
  readonly #clock: Clock;
  readonly #settlingMs: number;
  readonly #events: PartEvents;
  readonly #lasting = new Map<StorePart, Outage>();
  #ended = false;

  constructor(clock: Clock, settlingMs: number, events: PartEvents) {
    this.#clock = clock;
    this.#settlingMs = settlingMs;
    this.#events = events;
  }

  get any(): boolean {
    return this.#lasting.size > 0;
  }

  /** Whether this part is away, or the whole store. */
  has(part: StorePart): boolean {
    return this.#lasting.has(part) || this.#lasting.has(undefined);
  }

  begin(part: StorePart, reason: StoreError): void {
    if (this.#ended || this.has(part)) return;
    const events = this.#events;
    const outage = new Outage(this.#clock, this.#settlingMs, {
      begun: (why) => events.begun(part, why),
      probe: () => events.probe(part),
      restate: () => events.restate(part),
      over: () => {
        this.#lasting.delete(part);
        events.over(part);
      },
    });
    this.#lasting.set(part, outage);
    outage.begin(reason);
  }

  /** For good: no probe follows. */
  end(): void {
    this.#ended = true;
    for (const outage of this.#lasting.values()) outage.end();
  }
}
