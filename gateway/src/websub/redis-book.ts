import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { StoreError } from '../limits/counter-store.ts';
import { leaseSecondsMax } from './hub-request.ts';
import { parseSubscriber, type Subscriber } from './subscriber.ts';
import { type Place, reservedMs, slotsMaxOfAll, type SubscriberBook } from './subscriber-book.ts';

/** The port to a Redis that executes scripts. */
export interface ScriptRunner {
  /** In a cluster all keys are in one slot. Rejects with `StoreError`. */
  run(
    script: string,
    keys: readonly [string, ...string[]],
    args: readonly (string | number)[],
  ): Promise<unknown>;
  close(): Promise<void>;
}

const changeScript = scriptText('change.lua');
const subscribersScript = scriptText('subscribers.lua');
const keptMs = leaseSecondsMax * 1000 + reservedMs;

/** The subscribers of all gateways of one Redis. Each change is one script; its keys are in one slot for each API. */
export class RedisBook implements SubscriberBook {
  readonly #redis: ScriptRunner;
  readonly #ofTopicMax: number;

  constructor(redis: ScriptRunner, ofTopicMax: number = slotsMaxOfAll) {
    this.#redis = redis;
    this.#ofTopicMax = ofTopicMax;
  }

  reserve(place: Place, slotsMax: number): Promise<boolean> {
    return this.#change('reserve', place, { slotsMax, ms: reservedMs });
  }

  confirm(
    place: Place,
    slotsMax: number,
    { subscriber, leaseMs }: { readonly subscriber: Subscriber; readonly leaseMs: number },
  ): Promise<boolean> {
    return this.#change('confirm', place, { slotsMax, ms: leaseMs, subscriber: JSON.stringify(subscriber) });
  }

  async release(place: Place): Promise<void> {
    await this.#change('release', place);
  }

  async remove(place: Place): Promise<void> {
    await this.#change('remove', place);
  }

  async subscribers(api: string, topic: string): Promise<readonly Subscriber[]> {
    const found = await this.#redis.run(subscribersScript, [topicKey(api, topic)], []);
    if (!Array.isArray(found)) throw new StoreError('Redis answered with something else than a list');
    return found.map((text) => parseSubscriber(String(text))).filter((one) => one !== undefined);
  }

  close(): Promise<void> {
    return this.#redis.close();
  }

  async #change(
    action: 'reserve' | 'confirm' | 'release' | 'remove',
    { api, topic, application, callback }: Place,
    { slotsMax = 0, ms = 0, subscriber = '' } = {},
  ): Promise<boolean> {
    const keys = [`${prefixOf(api)}:slots:${escaped(application)}`, topicKey(api, topic)] as const;
    const digest = createHash('sha256').update(callback).digest('base64url');
    const args = [action, `${topic} ${digest}`, `${escaped(application)} ${digest}`];
    const answer = await this.#redis.run(changeScript, keys, [
      ...args,
      slotsMax,
      ms,
      subscriber,
      this.#ofTopicMax,
      keptMs,
    ]);
    if (answer !== 0 && answer !== 1) throw new StoreError('Redis answered with something else than 0 or 1');
    return answer === 1;
  }
}

function topicKey(api: string, topic: string): string {
  return `${prefixOf(api)}:topic:${escaped(topic)}`;
}

function prefixOf(api: string): string {
  return `sluice:websub:{${escaped(api)}}`;
}

/** Tokens may name applications as they like: also by what is no text. */
function escaped(part: string): string {
  return encodeURIComponent(part.isWellFormed() ? part : JSON.stringify(part));
}

function scriptText(name: 'change.lua' | 'subscribers.lua'): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8');
}
