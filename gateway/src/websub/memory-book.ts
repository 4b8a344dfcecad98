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
  readonly #byApi = new Map<string, Map<string, Slots>>();

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
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
    const slot = this.#take(place, slotsMax);
    if (slot === undefined) return false;
    const isNew = slot.subscribed === undefined;
    if (isNew && (await this.subscribers(place.api, place.topic)).length >= slotsMaxOfAll) return false;
    const untilMs = this.#clock.monotonicMs() + leaseMs;
    slot.subscribed = { subscriber, untilMs };
    slot.takenUntilMs = untilMs;
    return true;
  }

  async release(place: Place): Promise<void> {
    const slots = this.#slots(place);
    const slot = slots.get(keyOf(place));
    if (slot === undefined) return;
    slot.takenUntilMs = slot.subscribed?.untilMs ?? 0;
    if (slot.takenUntilMs <= this.#clock.monotonicMs()) await this.remove(place);
  }

  async remove(place: Place): Promise<void> {
    const slots = this.#slots(place);
    slots.delete(keyOf(place));
    if (slots.size === 0) this.#byApi.get(place.api)?.delete(place.application);
  }

  async subscribers(api: string, topic: string): Promise<readonly Subscriber[]> {
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

  async close(): Promise<void> {
    this.#byApi.clear();
  }

  /** The slot of a place, or one that is free. */
  #take(place: Place, slotsMax: number): Slot | undefined {
    const slots = this.#slots(place);
    const nowMs = this.#clock.monotonicMs();
    for (const [key, { takenUntilMs }] of slots) if (takenUntilMs <= nowMs) slots.delete(key);
    const known = slots.get(keyOf(place));
    if (known !== undefined || slots.size >= slotsMax) return known;
    const made: Slot = { takenUntilMs: 0 };
    slots.set(keyOf(place), made);
    return made;
  }

  #slots({ api, application }: Place): Slots {
    const ofApi = this.#byApi.get(api) ?? new Map<string, Slots>();
    this.#byApi.set(api, ofApi);
    const slots = ofApi.get(application) ?? new Map<string, Slot>();
    ofApi.set(application, slots);
    return slots;
  }
}

/** No topic holds a space. */
function keyOf({ topic, callback }: Place): string {
  return `${topic} ${callback}`;
}
