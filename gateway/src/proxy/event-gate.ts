import type { Verdict } from '../limiter/verdict.ts';
import type { BackendReceiver } from '../backends/backend-call.ts';
import type { BackendFailure } from '../backends/failure.ts';
import type { Fields } from '../wire/fields.ts';
import type { EventMeter } from './event-meter.ts';
import { Relay, type AnswerControl } from './relay.ts';
import { isEventStream, SseReader } from './sse-reader.ts';

type Refused = Extract<Verdict, { admitted: false }>;

/** Who is told that a stream of events is paid for event by event, and when no more can be paid. */
export interface GateEvents {
  opened(): void;
  exceeded(verdict: Refused): void;
  bug(error: unknown): void;
}

/**
 * Lets through as many events of a stream as are paid for, and ends it before the first one that can't be: cleanly, as the
 * client has had whole events only. All that begin in one piece are paid together, before the piece goes on; nothing waits but
 * for the store. Answers that are no streams pass as they are.
 */
export class EventGate extends Relay {
  readonly #meter: EventMeter;
  readonly #control: AnswerControl;
  readonly #events: GateEvents;
  readonly #reader: SseReader;
  #state: 'passing' | 'gating' | 'paying' | 'over' = 'passing';
  /** Where events begin in the piece that is being read. */
  #begins: number[] = [];
  /** Came while the store was asked. */
  readonly #waiting: Buffer[] = [];
  #trailers: Fields | undefined;

  constructor(
    next: BackendReceiver,
    parts: { readonly meter: EventMeter; readonly control: AnswerControl; readonly events: GateEvents },
  ) {
    super(next);
    this.#meter = parts.meter;
    this.#control = parts.control;
    this.#events = parts.events;
    this.#reader = new SseReader({ began: (at) => this.#begins.push(at) });
  }

  override head(status: number, fields: Fields): void {
    if (!isEventStream(fields)) return super.head(status, fields);
    this.#state = 'gating';
    this.#events.opened();
    // The stream may end before its length.
    super.head(status, fieldsWithout(fields, 'content-length'));
  }

  override data(bytes: Buffer): boolean {
    if (this.#state === 'passing') return super.data(bytes);
    if (this.#state === 'over') return false;
    if (this.#state === 'gating') return this.#gate(bytes);
    this.#waiting.push(Buffer.from(bytes));
    return false;
  }

  override end(trailers: Fields): void {
    if (this.#state === 'paying') this.#trailers = trailers;
    else if (this.#state !== 'over') super.end(trailers);
  }

  override failed(failure: BackendFailure): void {
    if (this.#state === 'over') return;
    this.#state = this.#state === 'passing' ? 'passing' : 'over';
    super.failed(failure);
  }

  /** Whether more may come at once. */
  #gate(bytes: Buffer): boolean {
    this.#begins = [];
    this.#reader.read(bytes);
    const begins = this.#begins;
    if (begins.length === 0) return super.data(bytes);
    const verdict = this.#meter.pay(begins.length);
    if (!(verdict instanceof Promise) && verdict.admitted) return super.data(bytes);
    this.#state = 'paying';
    this.#payFor(Buffer.from(bytes), begins, verdict).catch((error: unknown) => this.#events.bug(error));
    return false;
  }

  /** Pays for as many of the events as it can, and goes on if those are all. */
  async #payFor(bytes: Buffer, begins: readonly number[], first: Verdict | Promise<Verdict>): Promise<void> {
    const { paid, refused } = await this.#meter.payForMost(begins.length, first);
    if (this.#state !== 'paying') return;
    if (refused === undefined) this.#goOn(bytes);
    else this.#stop(bytes.subarray(0, begins[paid]), refused);
  }

  #goOn(bytes: Buffer): void {
    this.#state = 'gating';
    let flows = super.data(bytes);
    for (const waiting of this.#waiting.splice(0)) {
      // Who waits for the store again takes the rest along.
      flows = this.data(waiting);
    }
    super.flush();
    if (this.#isPaying()) return;
    if (this.#trailers !== undefined) super.end(this.#trailers);
    else if (flows) this.#control.resume();
  }

  #isPaying(): boolean {
    return this.#state === 'paying';
  }

  #stop(paid: Buffer, refused: Refused): void {
    this.#state = 'over';
    if (paid.length > 0) super.data(paid);
    this.#control.abort();
    this.#events.exceeded(refused);
    super.end([]);
  }
}

function fieldsWithout(fields: Fields, name: string): Fields {
  return fields.filter((_, index) => fields[index - (index % 2)] !== name);
}
