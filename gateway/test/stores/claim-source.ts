import type { Claim, GatewayId, Grant } from '../../src/limits/claim.ts';
import { counterKey, type CounterKey } from '../../src/limits/counter-key.ts';
import { ceiling, lengthMs } from '../../src/limits/ledger.ts';
import type { Limit } from '../../src/limits/limit.ts';
import type { Random } from '../support/random.ts';

/**
 * Windows so long that no key expires in real time while the virtual clock stands, and so short that a clock that is set back
 * leaves some of them a window ahead. It is set back by less than a memory store keeps what no longer matters.
 */
const limits: readonly Limit[] = [
  ...(['aligned', 'first-request'] as const).flatMap((starts): Limit[] => [
    { kind: 'fixed-window', quota: 0, windowMs: 60_000, starts },
    { kind: 'fixed-window', quota: 7, windowMs: 60_000, starts },
    { kind: 'fixed-window', quota: 30, windowMs: 5000, starts },
    { kind: 'fixed-window', quota: 500, windowMs: 3_600_000, starts },
    { kind: 'fixed-window', quota: 1_000_000_000_000_000, windowMs: 86_400_000, starts },
  ]),
  { kind: 'sliding-window', quota: 20, windowMs: 60_000 },
  { kind: 'sliding-window', quota: 40, windowMs: 5000 },
  { kind: 'sliding-window', quota: 3000, windowMs: 3_600_000 },
  { kind: 'sliding-window', quota: 1_000_000_000_000_000, windowMs: 86_400_000 },
  { kind: 'token-bucket', quota: 10, windowMs: 60_000, burst: 10 },
  { kind: 'token-bucket', quota: 7, windowMs: 3_600_000, burst: 1000 },
  { kind: 'token-bucket', quota: 100_000, windowMs: 1000, burst: 1_000_000_000 },
];
export const gateways: readonly GatewayId[] = ['g-1', 'g-2', 'g:3%', 'g 4'] as GatewayId[];

/** Random claims: mostly what an honest gateway would say, often what only a confused or replayed one would. */
export class ClaimSource {
  readonly #random: Random;
  readonly #round: number;
  readonly #seqs = new Map<GatewayId, number>();
  readonly #lastGrants = new Map<CounterKey, Grant>();
  #previous: Claim | undefined;

  constructor(random: Random, round: number) {
    this.#random = random;
    this.#round = round;
  }

  next(): Claim {
    const random = this.#random;
    if (this.#previous !== undefined && random.chance(0.05)) return this.#previous;
    const limit = random.pick(limits);
    const starts = limit.kind === 'fixed-window' ? limit.starts : '';
    const subject = [this.#round, starts, limit.quota, random.below(3)].map(String);
    const key = counterKey('differential', limit, subject);
    const gateway = random.pick(gateways);
    const seq = (this.#seqs.get(gateway) ?? 0) + (random.chance(0.95) ? 1 : -random.below(3));
    this.#seqs.set(gateway, Math.max(seq, this.#seqs.get(gateway) ?? 0));
    const size = random.pick([3, 20, 1000, ceiling(limit)]);
    const window = this.#window(key, limit);
    const want = random.below(size + 1);
    this.#previous = {
      key,
      limit: random.chance(0.95) ? limit : changed(limit, random),
      gateway,
      seq,
      ...(window !== undefined && { window }),
      held: window === undefined ? 0 : random.below(size + 1),
      want,
      atLeast: random.chance(0.8) ? 0 : random.below(want + 2),
    };
    return this.#previous;
  }

  heard(claim: Claim, grant: Grant): void {
    this.#lastGrants.set(claim.key, grant);
  }

  #window(key: CounterKey, limit: Limit): number | undefined {
    const last = this.#lastGrants.get(key);
    if (last === undefined || this.#random.chance(0.15)) return undefined;
    if (this.#random.chance(0.85)) return last.window;
    return last.window + (this.#random.below(5) - 2) * Math.floor(lengthMs(limit) / 2);
  }
}

/** A limit an operator has just changed. A bucket's refill stays: Redis would drop its ledger later than memory, in real time. */
function changed(limit: Limit, random: Random): Limit {
  if (limit.kind === 'token-bucket') return { ...limit, burst: random.below(2 * limit.burst) };
  return { ...limit, quota: random.below(2 * limit.quota + 2) };
}
