import { lookup } from 'node:dns/promises';
import type { LookupAddress } from 'node:dns';
import type { Clock } from '../limits/clock.ts';
import { FairQueue } from './fair-queue.ts';

type Addresses = readonly LookupAddress[];

/**
 * Names are looked up by the few threads that files and backends need too: slow ones must not take them all. An application has no
 * more callbacks asked and sent to at once than may wait.
 */
const turns = { runningMax: 2, runningOfOneMax: 1, waitingMax: 1000, waitingOfOneMax: 32 };
const keptMs = 10_000;
const namesMax = 1000;

/** Finds the addresses of names, each name once in ten seconds and few at a time; applications take turns. */
export class NameLookup {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #lookUp: (name: string) => Promise<Addresses>;
  readonly #queue = new FairQueue(turns);
  /** By application and name. One that waits for its application's turn is no answer to others yet. */
  readonly #asked = new Map<string, Promise<Addresses>>();
  readonly #recent = new Map<string, { readonly untilMs: number; readonly found: Addresses | Error }>();

  constructor(
    clock: Pick<Clock, 'monotonicMs'>,
    lookUp: (name: string) => Promise<Addresses> = (name) => lookup(name, { all: true }),
  ) {
    this.#clock = clock;
    this.#lookUp = lookUp;
  }

  /** Rejects when there is none, or too many names are looked up for the application. */
  find(name: string, application: string): Promise<Addresses> {
    const key = JSON.stringify([application, name]);
    const before = this.#asked.get(key);
    if (before !== undefined) return before;
    const asked = this.#ask(name, application).finally(() => this.#asked.delete(key));
    this.#asked.set(key, asked);
    return asked;
  }

  async #ask(name: string, application: string): Promise<Addresses> {
    let found = this.#known(name);
    if (found === undefined) {
      await this.#turn(application, async () => {
        found = this.#known(name) ?? (await this.#lookedUp(name));
      });
    }
    if (found === undefined) throw new Error('too many names are looked up');
    if (found instanceof Error) throw found;
    return found;
  }

  /** Ends when the job has, or has no place in the queue. */
  #turn(application: string, job: () => Promise<void>): Promise<void> {
    return new Promise((ended) => {
      if (!this.#queue.add(application, () => job().finally(ended))) ended();
    });
  }

  #known(name: string): Addresses | Error | undefined {
    const known = this.#recent.get(name);
    return known !== undefined && known.untilMs > this.#clock.monotonicMs() ? known.found : undefined;
  }

  async #lookedUp(name: string): Promise<Addresses | Error> {
    const found = await this.#lookUp(name).catch((error: unknown) =>
      error instanceof Error ? error : new Error('no address found'),
    );
    if (this.#recent.size >= namesMax) this.#recent.clear();
    this.#recent.set(name, { untilMs: this.#clock.monotonicMs() + keptMs, found });
    return found;
  }
}
