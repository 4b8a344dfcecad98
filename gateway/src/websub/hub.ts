import type { Clock } from '../limits/clock.ts';
import { StoreError } from '../limits/counter-store.ts';
import { CallbackClient } from './callback-client.ts';
import { type AllowedCallbacks, CallbackRules } from './callback-rules.ts';
import { Deliveries, type Delivery, type DeliveryEnd, type HubEvent } from './deliveries.ts';
import { FairQueue } from './fair-queue.ts';
import type { HubRequest, SubscribeRequest } from './hub-request.ts';
import type { Subscriber } from './subscriber.ts';
import { type Place, slotsMaxOfAll, type SubscriberBook } from './subscriber-book.ts';
import { verifyIntent } from './verify-intent.ts';

/** What became of one event for one subscriber: how its delivery ended, or why there was none. */
export type Outcome = DeliveryEnd | 'over-quota' | 'undecided' | 'behind';

/** The port to where a hub tells what it did. */
export interface HubRecorder {
  delivery(outcome: Outcome, count: number): void;
  /** What a callback said that was asked whether it wants this. */
  verified(agreed: boolean): void;
}

export interface HubParts {
  readonly book: SubscriberBook;
  readonly allowed: AllowedCallbacks;
  readonly clock: Clock;
  readonly recorder: HubRecorder;
  /** Is told what should not have happened. */
  readonly reportBug: (error: unknown) => void;
}

/** `over-limit`: the plan has no slot left. `busy`: too many callbacks are being asked. */
export type Asked = 'accepted' | 'over-limit' | 'busy' | 'forbidden-callback';

const verifications = { runningMax: 32, runningOfOneMax: 8, waitingMax: 2000, waitingOfOneMax: 500 };

/** The subscribers of all topics, those who want to become one, and the events on their way to them. */
export class Hub {
  readonly #book: SubscriberBook;
  readonly #client: CallbackClient;
  readonly #clock: Clock;
  readonly #recorder: HubRecorder;
  readonly #reportBug: (error: unknown) => void;
  readonly #deliveries: Deliveries;
  readonly #verifications = new FairQueue(verifications);

  constructor({ book, allowed, clock, recorder, reportBug }: HubParts) {
    this.#book = book;
    this.#client = new CallbackClient(new CallbackRules(allowed), clock);
    this.#recorder = recorder;
    this.#reportBug = reportBug;
    this.#clock = clock;
    this.#deliveries = new Deliveries(this.#client, clock);
  }

  /** Goes by other rules from now on. */
  allow(allowed: AllowedCallbacks): void {
    this.#client.rules = new CallbackRules(allowed);
  }

  /** Takes a slot and asks the callback in the background, which makes it a subscriber or gives the slot back. Rejects with `StoreError`. */
  async subscribe(
    place: Place,
    asked: SubscribeRequest,
    {
      subscriber,
      subscribersMax = slotsMaxOfAll,
    }: { readonly subscriber: Subscriber; readonly subscribersMax: number | undefined },
  ): Promise<Asked> {
    if (!this.#client.mayReach(asked.callback)) return 'forbidden-callback';
    if (this.#verifications.room(place.application) === 0) return 'busy';
    const slotsMax = Math.min(subscribersMax, slotsMaxOfAll);
    if (!(await this.#book.reserve(place, slotsMax))) return 'over-limit';
    const terms = { subscriber, leaseMs: asked.leaseSeconds * 1000 };
    const isAsked = this.#verify(place, asked, async (agreed) => {
      if (!agreed || !(await this.#book.confirm(place, slotsMax, terms))) await this.#book.release(place);
    });
    if (isAsked) return 'accepted';
    await this.#book.release(place);
    return 'busy';
  }

  /** Asks the callback in the background, and ends its subscription if it agrees. */
  unsubscribe(place: Place, asked: HubRequest): Asked {
    if (!this.#client.mayReach(asked.callback)) return 'forbidden-callback';
    const isAsked = this.#verify(place, asked, async (agreed) => {
      if (agreed) await this.#book.remove(place);
    });
    return isAsked ? 'accepted' : 'busy';
  }

  /** Rejects with `StoreError`. */
  subscribers(api: string, topic: string): Promise<readonly Subscriber[]> {
    return this.#book.subscribers(api, topic);
  }

  hasRoom(bytes: number, deliveries: number): boolean {
    return this.#deliveries.hasRoom(bytes, deliveries);
  }

  room(application: string): number {
    return this.#deliveries.room(application);
  }

  /** Sends an event to these subscribers of a topic, who have been paid for. */
  deliver(event: HubEvent, topic: Pick<Place, 'api' | 'topic'>, to: readonly Subscriber[]): void {
    const deliveries = to.map(({ callback, secret, application: { id } }): Delivery => {
      const place = { ...topic, application: id, callback };
      const ended = (outcome: DeliveryEnd): void => {
        const noted = outcome === 'gone' ? this.#noted(this.#book.remove(place)) : Promise.resolve();
        void noted.then(() => this.#recorder.delivery(outcome, 1));
      };
      return { callback, secret, application: id, ended };
    });
    this.#deliveries.send(event, deliveries);
  }

  /** Subscribers who don't get an event. */
  dropped(why: Exclude<Outcome, DeliveryEnd>, count: number): void {
    if (count > 0) this.#recorder.delivery(why, count);
  }

  /** Ends what is under way, as far as it takes no longer than that. */
  async close(msMax: number): Promise<void> {
    await Promise.all([this.#deliveries.drain(msMax), this.#verifications.drain(this.#clock, msMax)]);
    await this.#book.close();
  }

  #verify(place: Place, asked: HubRequest, then: (agreed: boolean) => Promise<void>): boolean {
    return this.#verifications.add(place.application, async () => {
      const agreed = await verifyIntent(this.#client, asked, place.application);
      await this.#noted(then(agreed));
      this.#recorder.verified(agreed);
    });
  }

  /** What can't be noted during an outage: a slot frees itself, and a callback that wants no more says so again. */
  async #noted(done: Promise<void>): Promise<void> {
    try {
      await done;
    } catch (error) {
      if (!(error instanceof StoreError)) this.#reportBug(error);
    }
  }
}
