/*
 * websub/ promises: who is subscribed to a topic is known to all gateways of one store, never more callbacks than a plan allows;
 * callbacks have said that they want it, are no addresses of this network unless the operator says so, and get each event that was
 * handed over at most a few times, within bounds. It must not know who pays for events, or what a client's request looks like.
 */
import type { Subscriber } from './subscriber.ts';

/** Where a subscription stands: an application has one for each topic and callback. */
export interface Place {
  /** Context and version. */
  readonly api: string;
  readonly topic: string;
  /** The application's id. */
  readonly application: string;
  readonly callback: string;
}

/**
 * The port to where subscribers are kept. All calls reject with `StoreError` when that can't be asked. Subscriptions of an
 * application at an API never take more slots than `slotsMax`, over all gateways; each change is one atomic step on the store's clock.
 */
export interface SubscriberBook {
  /** Takes a slot until the callback was asked; one that is subscribed keeps its own. False when there is none left. */
  reserve(place: Place, slotsMax: number): Promise<boolean>;
  /** Makes a subscriber of who has a slot. False when that was lost meanwhile, and there is none left. */
  confirm(
    place: Place,
    slotsMax: number,
    terms: { readonly subscriber: Subscriber; readonly leaseMs: number },
  ): Promise<boolean>;
  /** Gives a reserved slot back; a subscription that was there before goes on. */
  release(place: Place): Promise<void>;
  /** Ends a subscription, if there is one. */
  remove(place: Place): Promise<void>;
  /** Whose leases haven't ended. */
  subscribers(api: string, topic: string): Promise<readonly Subscriber[]>;
  close(): Promise<void>;
}

/**
 * A slot without a subscription is kept so long. Asking the callback takes less: of one application 500 may wait, 8 at a time, each
 * for ten seconds.
 */
export const reservedMs: number = 15 * 60_000;
/** Subscriptions of one application at an API whose plan has no bound, and of all applications to one topic. */
export const slotsMaxOfAll = 10_000;
