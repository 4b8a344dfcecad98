import { lookup, type LookupAddress } from 'node:dns';
import type { Clock } from '../limits/clock.ts';
import { FairQueue } from './fair-queue.ts';

type Addresses = readonly LookupAddress[];

/** Names are looked up by the few threads that files and backends need too: slow ones must not take them all. */
const turns = { runningMax: 2, runningOfOneMax: 1, waitingMax: 1000, waitingOfOneMax: 1 };
const keptMs = 10_000;
const namesMax = 1000;

/** Finds the addresses of names, each name once in ten seconds and few at a time. */
export class NameLookup {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #queue = new FairQueue(turns);
  readonly #recent = new Map<string, { readonly untilMs: number; readonly found: Promise<Addresses> }>();

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  /** Rejects when there is none, or too many names are looked up. */
  find(name: string): Promise<Addresses> {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#recent.get(name);
    if (known !== undefined && known.untilMs > nowMs) return known.found;
    const found = this.#ask(name);
    if (this.#recent.size >= namesMax) this.#recent.clear();
    this.#recent.set(name, { untilMs: nowMs + keptMs, found });
    found.catch(() => this.#recent.delete(name));
    return found;
  }

  #ask(name: string): Promise<Addresses> {
    const { promise, resolve, reject } = Promise.withResolvers<Addresses>();
    const job = (): Promise<void> =>
      new Promise((ended) => {
        lookup(name, { all: true }, (error, addresses) => {
          ended();
          if (error === null) resolve(addresses);
          else reject(error);
        });
      });
    if (!this.#queue.add(name, job)) reject(new Error('too many names are looked up'));
    return promise;
  }
}
