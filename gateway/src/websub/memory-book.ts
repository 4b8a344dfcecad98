import type { Clock } from '../limits/clock.ts';
import type { Subscriber } from './subscriber.ts';
import { type Place, reservedMs, slotsMaxOfAll, type SubscriberBook } from './subscriber-book.ts';

interface Slot {
  /** Until then it is taken. */
  takenUntilMs: number;
  /** Absent as long as the callback wasn't asked. */
  subscribed?: { readonly subscriber: Subscriber; readonly untilMs: number };
}

/** The slots of an application at an API, by topic and callback. */
type Slots = Map<string, Slot>;

/** The subscribers of one gateway alone, in its memory: they go with it. The specification of the book in Redis. */
export class MemoryBook implements SubscriberBook {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #ofTopicMax: number;
  readonly #byApi = new Map<string, Map<string, Slots>>();

  constructor(clock: Pick<Clock, 'monotonicMs'>, ofTopicMax: number = slotsMaxOfAll) {
    this.#clock = clock;
    this.#ofTopicMax = ofTopicMax;
  }

  /** Of how many applications at APIs something is kept. */
  get size(): number {
    return [...this.#byApi.values()].reduce((sum, { size }) => sum + size, 0);
  }

  async reserve(place: Place, slotsMax: number): Promise<boolean> {
    const slot = this.#take(place, slotsMax);
    if (slot === undefined) return false;
    slot.takenUntilMs = Math.max(slot.takenUntilMs, this.#clock.monotonicMs() + reservedMs);
    return true;
  }

  async confirm(
    place: Place,
    slotsMax: number,
    { subscriber, leaseMs }: { readonly subscriber: Subscriber; readonly leaseMs: number },
  ): Promise<boolean> {
    const nowMs = this.#clock.monotonicMs();
    const isNew = (this.#slot(place)?.subscribed?.untilMs ?? 0) <= nowMs;
    if (isNew && this.#subscribers(place.api, place.topic).length >= this.#ofTopicMax) return false;
    const slot = this.#take(place, slotsMax);
    if (slot === undefined) return false;
    const untilMs = nowMs + leaseMs;
    slot.subscribed = { subscriber, untilMs };
    slot.takenUntilMs = untilMs;
    return true;
  }

  async release(place: Place): Promise<void> {
    const slot = this.#slot(place);
    if (slot !== undefined) slot.takenUntilMs = slot.subscribed?.untilMs ?? 0;
    this.#sweep(place.api);
  }

  async remove(place: Place): Promise<void> {
    this.#byApi.get(place.api)?.get(place.application)?.delete(keyOf(place));
    this.#sweep(place.api);
  }

  async subscribers(api: string, topic: string): Promise<readonly Subscriber[]> {
    return this.#subscribers(api, topic);
  }

  async close(): Promise<void> {
    this.#byApi.clear();
  }

  #subscribers(api: string, topic: string): readonly Subscriber[] {
    this.#sweep(api);
    const nowMs = this.#clock.monotonicMs();
    const found: Subscriber[] = [];
    for (const slots of this.#byApi.get(api)?.values() ?? []) {
      for (const [key, { subscribed }] of slots) {
        if (subscribed !== undefined && subscribed.untilMs > nowMs && key.startsWith(`${topic} `))
          found.push(subscribed.subscriber);
      }
    }
    return found;
  }

  #slot(place: Place): Slot | undefined {
    return this.#byApi.get(place.api)?.get(place.application)?.get(keyOf(place));
  }

  /** The slot of a place, or one that is free. */
  #take(place: Place, slotsMax: number): Slot | undefined {
    const ofApi = this.#byApi.get(place.api) ?? new Map<string, Slots>();
    const slots = ofApi.get(place.application) ?? new Map<string, Slot>();
    forgetOver(slots, this.#clock.monotonicMs());
    const known = slots.get(keyOf(place));
    if (known !== undefined || slots.size >= slotsMax) return known;
    const made: Slot = { takenUntilMs: 0 };
    slots.set(keyOf(place), made);
    ofApi.set(place.application, slots);
    this.#byApi.set(place.api, ofApi);
    return made;
  }

  /** Forgets the slots of an API that are free again, and who has none. */
  #sweep(api: string): void {
    const ofApi = this.#byApi.get(api);
    if (ofApi === undefined) return;
    for (const [application, slots] of ofApi) {
      forgetOver(slots, this.#clock.monotonicMs());
      if (slots.size === 0) ofApi.delete(application);
    }
    if (ofApi.size === 0) this.#byApi.delete(api);
  }
}

function forgetOver(slots: Slots, nowMs: number): void {
  for (const [key, { takenUntilMs }] of slots) if (takenUntilMs <= nowMs) slots.delete(key);
}

/** No topic holds a space. */
function keyOf({ topic, callback }: Place): string {
  return `${topic} ${callback}`;
}
