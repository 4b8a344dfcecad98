import type { Clock } from '../limits/clock.ts';
import type { CallbackClient } from './callback-client.ts';
import { FairQueue } from './fair-queue.ts';
import { signatureOf } from './signature.ts';

/** An event as its publisher sent it. */
export interface HubEvent {
  readonly body: Buffer;
  /** Fields that say what the body is. */
  readonly fields: Readonly<Record<string, string>>;
}

/** One event on its way to one callback. */
export interface Delivery {
  readonly callback: string;
  readonly secret?: string | undefined;
  /** Whose turn it takes. */
  readonly application: string;
  readonly ended: (outcome: DeliveryEnd) => void;
}

/** `gone`: the callback wants no more. */
export type DeliveryEnd = 'delivered' | 'gone' | 'failed';

const pendingMax = 50_000;
const pendingOfOneMax = 10_000;
const turns = {
  runningMax: 64,
  runningOfOneMax: 16,
  waitingMax: pendingMax,
  waitingOfOneMax: pendingOfOneMax,
};
/** Bodies of all events on their way; each is held once. */
const bytesMax = 64 * 1024 * 1024;
/** After a failed attempt. */
const retryAfterMs: readonly number[] = [1000, 10_000, 60_000];
const goneStatus = 410;

interface Held {
  readonly event: HubEvent;
  /** Deliveries that haven't ended. */
  left: number;
}

/** Sends events to callbacks: some at a time, each application's share of that bounded, a few times where it fails. */
export class Deliveries {
  readonly #client: Pick<CallbackClient, 'send'>;
  readonly #clock: Clock;
  readonly #queue = new FairQueue(turns);
  /** What ends the deliveries that wait to be tried again, the longest waiting one first. */
  readonly #retries = new Map<Delivery, () => void>();
  /** Deliveries that haven't ended, by application. */
  readonly #pendingOf = new Map<string, number>();
  #pending = 0;
  #bytes = 0;
  #closed = false;

  constructor(client: Pick<CallbackClient, 'send'>, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** Whether so many deliveries of an event may be taken. What waits to be tried again gives way to it. */
  hasRoom(bytes: number, deliveries: number): boolean {
    if (this.#closed || deliveries > pendingMax) return false;
    const fits = (): boolean => this.#pending + deliveries <= pendingMax && this.#bytes + bytes <= bytesMax;
    for (const giveUp of this.#retries.values()) {
      if (fits()) break;
      giveUp();
    }
    return fits();
  }

  /** How many more an application may have: one whose callbacks are slow holds up itself alone. */
  room(application: string): number {
    return pendingOfOneMax - (this.#pendingOf.get(application) ?? 0);
  }

  /** Sends what there is room for. */
  send(event: HubEvent, deliveries: readonly Delivery[]): void {
    if (deliveries.length === 0) return;
    const held: Held = { event, left: deliveries.length };
    this.#bytes += event.body.length;
    for (const delivery of deliveries) {
      this.#count(delivery.application, 1);
      this.#queueUp(held, delivery, 0);
    }
  }

  /** Ends when what is under way has; gives up what waits to be tried again, and what takes longer than that. */
  async drain(msMax: number): Promise<void> {
    this.#closed = true;
    for (const giveUp of this.#retries.values()) giveUp();
    await this.#queue.drain(this.#clock, msMax);
  }

  #queueUp(held: Held, delivery: Delivery, failures: number): void {
    const job = (): Promise<void> => this.#attempt(held, delivery, failures);
    if (!this.#queue.add(delivery.application, job)) this.#end(held, delivery, 'failed');
  }

  async #attempt(held: Held, delivery: Delivery, failures: number): Promise<void> {
    const status = await this.#post(held.event, delivery);
    const waitMs = retryAfterMs[failures];
    if (status >= 200 && status < 300) this.#end(held, delivery, 'delivered');
    else if (status === goneStatus) this.#end(held, delivery, 'gone');
    else if (waitMs === undefined || this.#closed) this.#end(held, delivery, 'failed');
    else this.#tryAgain(held, delivery, { failures: failures + 1, waitMs });
  }

  #tryAgain(
    held: Held,
    delivery: Delivery,
    { failures, waitMs }: { readonly failures: number; readonly waitMs: number },
  ): void {
    const cancel = this.#clock.after(waitMs, () => {
      this.#retries.delete(delivery);
      this.#queueUp(held, delivery, failures);
    });
    this.#retries.set(delivery, () => {
      cancel();
      this.#retries.delete(delivery);
      this.#end(held, delivery, 'failed');
    });
  }

  /** The status of the answer, 0 when there is none. */
  async #post({ body, fields }: HubEvent, { callback, secret, application }: Delivery): Promise<number> {
    const signature = secret === undefined ? {} : { 'x-hub-signature': signatureOf('sha256', secret, body) };
    try {
      const sent = { ...fields, ...signature };
      const request = { method: 'POST', url: callback, application, fields: sent, body } as const;
      return (await this.#client.send(request)).status;
    } catch {
      return 0;
    }
  }

  #end(held: Held, delivery: Delivery, outcome: DeliveryEnd): void {
    held.left -= 1;
    if (held.left === 0) this.#bytes -= held.event.body.length;
    this.#count(delivery.application, -1);
    delivery.ended(outcome);
  }

  #count(application: string, change: 1 | -1): void {
    this.#pending += change;
    const pending = (this.#pendingOf.get(application) ?? 0) + change;
    if (pending === 0) this.#pendingOf.delete(application);
    else this.#pendingOf.set(application, pending);
  }
}
