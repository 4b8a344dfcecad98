/*
 * A process that offers requests at a steady rate over all gateways in turn, answered or not, and notes when each was sent, when
 * its answer was complete and what it said, by the machine's wall clock.
 */
import { Pool } from 'undici';
import type { Outcome } from './judge.ts';

export type LoadOrder =
  | {
      readonly begin: {
        readonly urls: readonly string[];
        /** Starts the id of each request; the rest is a number. */
        readonly idPrefix: string;
        readonly offers: readonly Offer[];
      };
    }
  | { readonly end: true };

export interface Offer {
  readonly limit: string;
  readonly path: string;
  readonly apiKey: string;
  readonly perSecond: number;
}

export interface Asked {
  readonly id: string;
  readonly limit: string;
  readonly sentMs: number;
  readonly endedMs: number;
  readonly outcome: Outcome;
}

/** To `begin`: nothing yet. To `end`: all requests, when each is answered. */
export type LoadAnswer = readonly Asked[];

const tickMs = 5;
/** Wide enough for requests that wait for a claim deadline; more than that queue here and are timed from here. */
const connectionsPerGateway = 100;
const undecidedCode = '900899';

let running: Load | undefined;

class Load {
  readonly #pools: readonly Pool[];
  readonly #order: { readonly idPrefix: string; readonly offers: readonly Offer[] };
  readonly #timer: NodeJS.Timeout;
  readonly #startedAtMs = performance.now();
  readonly #offered: number[];
  readonly #asking = new Set<Promise<void>>();
  readonly #asked: Asked[] = [];
  #number = 0;

  constructor(order: {
    readonly urls: readonly string[];
    readonly idPrefix: string;
    readonly offers: readonly Offer[];
  }) {
    this.#order = order;
    this.#pools = order.urls.map(
      (url) => new Pool(url, { connections: connectionsPerGateway, pipelining: 1 }),
    );
    this.#offered = order.offers.map(() => 0);
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  async end(): Promise<LoadAnswer> {
    clearInterval(this.#timer);
    await Promise.all(this.#asking);
    await Promise.all(this.#pools.map((pool) => pool.close()));
    return this.#asked;
  }

  #tick(): void {
    const passedMs = performance.now() - this.#startedAtMs;
    for (const [index, offer] of this.#order.offers.entries()) {
      const due = Math.floor((passedMs * offer.perSecond) / 1000);
      for (; this.#offered[index]! < due; this.#offered[index]! += 1) {
        // Each offer goes round the gateways by itself.
        const pool = this.#pools[this.#offered[index]! % this.#pools.length]!;
        const one = this.#ask(pool, offer).finally(() => this.#asking.delete(one));
        this.#asking.add(one);
      }
    }
  }

  async #ask(pool: Pool, { limit, path, apiKey }: Offer): Promise<void> {
    this.#number += 1;
    const id = `${this.#order.idPrefix}-${this.#number}`;
    const sentMs = Date.now();
    const outcome = await answerOf(pool, path, { apikey: apiKey, activityid: id });
    this.#asked.push({ id, limit, sentMs, endedMs: Date.now(), outcome });
  }
}

async function answerOf(
  pool: Pool,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<Outcome> {
  try {
    const { statusCode, body } = await pool.request({ method: 'GET', path, headers });
    const text = await body.text();
    if (statusCode === 200) return 'admitted';
    if (statusCode === 429) return 'over-limit';
    return statusCode === 503 && text.includes(undecidedCode) ? 'undecided' : 'failed';
  } catch (error) {
    // A gateway that was killed, or that refuses connections while it starts.
    if (error instanceof Error) return 'unanswered';
    throw error;
  }
}

process.on('message', (order: LoadOrder) => {
  if ('begin' in order) {
    running = new Load(order.begin);
    process.send?.([]);
    return;
  }
  void running?.end().then((asked) => process.send?.(asked));
});
process.once('disconnect', () => process.exit());
