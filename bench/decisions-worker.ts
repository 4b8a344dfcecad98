/*
 * One gateway of one side of the decisions bench, in a process of its own. argv: the side. It is asked to open its side and
 * warm up, to measure, and to close; it answers each request once.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ClosedLoop, type LoopResult } from './closed-loop.ts';
import {
  openFastifyRateLimit,
  openRateLimiterFlexible,
  openRateLimiterFlexibleBlocking,
  openRateLimitRedis,
} from './peer-sides.ts';
import type { Side, SideName, SideTerms, Tally } from './side.ts';
import { openSluice } from './sluice-side.ts';

export interface OpenOrder extends Pick<SideTerms, 'redisPort' | 'run' | 'quota' | 'windowMs'> {
  readonly ask: 'open';
  readonly keys: number;
  /** Ask each key once and end, instead of random keys for `durationMs`. */
  readonly isOnceEach: boolean;
  /** Which of how many gateways this is: of keys that are asked once, each gateway asks its own part. */
  readonly gateway: number;
  readonly gateways: number;
  readonly callers: number;
  readonly durationMs: number;
}

export type WorkerOrder =
  | OpenOrder
  | { readonly ask: 'measure' }
  | { readonly ask: 'close'; readonly whenForgotten: boolean };

export interface Measurement extends LoopResult, Tally {
  /** User and system time of this process. */
  readonly cpuUs: number;
  /** Counters this run added to what the side keeps, and the heap they take after a collection. */
  readonly counters: number;
  readonly heapBytes: number;
}

/** Counters still kept `waitedMs` after the run; 0 unless they outlived their windows, or nobody waited for their end. */
export interface Closed {
  readonly counters: number;
  readonly waitedMs: number;
}

const sides: Readonly<Record<SideName, (terms: SideTerms) => Promise<Side>>> = {
  Sluice: openSluice,
  'rate-limiter-flexible': openRateLimiterFlexible,
  'rate-limiter-flexible, blocking in memory': openRateLimiterFlexibleBlocking,
  '@fastify/rate-limit': openFastifyRateLimit,
  'rate-limit-redis': openRateLimitRedis,
};
const warmUpMs = 500;
const warmUpKeys = 10_000;
/** After the end of a window: the limiter looks for counters to forget once a second. */
const forgottenMsMax = 3000;

class Worker {
  readonly #order: OpenOrder;
  readonly #side: Side;
  /** Keys asked once: `warmUpKeys`, then those of the measurement. */
  readonly #keys: number;
  #random: number;

  private constructor(order: OpenOrder, side: Side, keys: number) {
    this.#order = order;
    this.#side = side;
    this.#keys = keys;
    this.#random = order.gateway + 1;
  }

  static async open(name: SideName, order: OpenOrder): Promise<Worker> {
    const { keys, isOnceEach, gateway, gateways } = order;
    const own = isOnceEach
      ? Array.from({ length: warmUpKeys + Math.ceil(keys / gateways) }, (_, key) => `key-${gateway}-${key}`)
      : Array.from({ length: keys }, (_, key) => `key-${key}`);
    const worker = new Worker(order, await sides[name]({ ...order, keys: own }), own.length);
    await worker.#run(isOnceEach ? worker.#once(0, warmUpKeys) : worker.#randomly, warmUpMs);
    return worker;
  }

  async measure(): Promise<Measurement> {
    const { isOnceEach, durationMs } = this.#order;
    const before = this.#side.tally();
    const counters = this.#side.counters();
    const heapBytes = heapAfterCollection();
    const cpu = process.cpuUsage();
    const result = isOnceEach
      ? await this.#run(this.#once(warmUpKeys, this.#keys), Infinity)
      : await this.#run(this.#randomly, durationMs);
    const { user, system } = process.cpuUsage(cpu);
    const after = this.#side.tally();
    return {
      ...result,
      cpuUs: user + system,
      claims: after.claims === undefined ? undefined : after.claims - (before.claims ?? 0),
      alone: after.alone - before.alone,
      counters: this.#side.counters() - counters,
      heapBytes: heapAfterCollection() - heapBytes,
    };
  }

  async close(whenForgotten: boolean): Promise<Closed> {
    const startMs = performance.now();
    const endMs = startMs + this.#order.windowMs + forgottenMsMax;
    if (whenForgotten) {
      while (this.#side.counters() > 0 && performance.now() < endMs) await sleep(100);
    }
    const closed = { counters: this.#side.counters(), waitedMs: performance.now() - startMs };
    await this.#side.close();
    return closed;
  }

  #run(nextKey: () => number | undefined, durationMs: number): Promise<LoopResult> {
    const side = this.#side;
    const decide = (key: number): boolean | Promise<boolean> => side.decide(key);
    return ClosedLoop.run({ decide, nextKey, callers: this.#order.callers, durationMs });
  }

  #once(from: number, to: number): () => number | undefined {
    let next = from;
    return () => {
      next += 1;
      return next <= to ? next - 1 : undefined;
    };
  }

  /** Keys at random, all as likely: the multiplier is Lehmer's. */
  readonly #randomly = (): number => {
    this.#random = (this.#random * 48_271) % 2_147_483_647;
    return this.#random % this.#keys;
  };
}

function heapAfterCollection(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

let worker: Worker | undefined;

async function obey(order: WorkerOrder): Promise<object> {
  if (order.ask === 'open') {
    worker = await Worker.open(process.argv[2] as SideName, order);
    return { opened: true };
  }
  if (worker === undefined) throw new Error(`asked to ${order.ask} before a side was opened`);
  return order.ask === 'measure' ? worker.measure() : worker.close(order.whenForgotten);
}

process.on('message', (order: WorkerOrder) => {
  void obey(order).then((answer) => process.send?.(answer));
});
process.once('disconnect', () => process.exit());
