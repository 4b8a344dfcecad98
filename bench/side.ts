/*
 * A side of the decisions bench: something that decides whether one more request of a key may go on, with its counters in
 * Redis. Every side is asked the same in the same loop; a side that knows the answer at once needn't make a promise of it.
 */

export type SideName =
  | 'Sluice'
  | 'rate-limiter-flexible'
  | 'rate-limiter-flexible, blocking in memory'
  | '@fastify/rate-limit'
  | 'rate-limit-redis';

export interface SideTerms {
  readonly redisPort: number;
  /** Sides of one run share counters; those of different runs don't. */
  readonly run: string;
  readonly keys: readonly string[];
  readonly quota: number;
  readonly windowMs: number;
}

export interface Side {
  /** Whether a request of the key at this index may go on. */
  decide(key: number): boolean | Promise<boolean>;
  /** Counters it keeps in this process. */
  counters(): number;
  tally(): Tally;
  close(): Promise<void>;
}

/** What a side has done since it was opened. */
export interface Tally {
  /** Questions about one counter that were sent to Redis, where they aren't one script each. */
  readonly claims: number | undefined;
  /** Decisions that had to be made without Redis. */
  readonly alone: number;
}
