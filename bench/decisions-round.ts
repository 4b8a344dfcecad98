import type { Closed, Measurement, OpenOrder } from './decisions-worker.ts';
import type { RedisUsage } from './redis-usage.ts';
import type { SideName } from './side.ts';

/** What is asked, whatever the number of gateways. */
export interface Case extends Pick<OpenOrder, 'keys' | 'isOnceEach' | 'quota' | 'windowMs' | 'callers'> {
  readonly name: string;
  readonly isRefused: boolean;
  readonly sides: readonly SideName[];
  readonly gateways: readonly number[];
}

/** What all gateways of one side did in one round. */
export interface Round {
  readonly gateways: readonly Measurement[];
  readonly redis: RedisUsage;
  readonly closed: readonly Closed[];
}

/** All rounds of one case by side, paired by index: sides of one round ran one after the other. */
export interface Result {
  readonly asked: Case;
  readonly gateways: number;
  readonly bySide: ReadonlyMap<SideName, readonly Round[]>;
}

export function total(round: Round, what: Exclude<keyof Measurement, 'waitsUs' | 'claims'>): number {
  return round.gateways.reduce((sum, gateway) => sum + gateway[what], 0);
}

/** The gateways of a round run at once: together they take as long as the slowest. */
export function longestSeconds(round: Round): number {
  return Math.max(...round.gateways.map(({ seconds }) => seconds));
}

export function perSecond(round: Round): number {
  return total(round, 'decisions') / longestSeconds(round);
}

/** Questions about one counter that reached Redis. */
export function claims({ gateways, redis }: Round): number {
  const counted = gateways.flatMap((gateway) => gateway.claims ?? []);
  return counted.length === 0 ? redis.scripts : counted.reduce((sum, count) => sum + count, 0);
}

/** The part of the decisions that was made without Redis: an exact limiter's figures mean nothing when it isn't small. */
export function aloneShare(rounds: readonly Round[]): number {
  const sum = (what: 'alone' | 'decisions'): number =>
    rounds.reduce((all, round) => all + total(round, what), 0);
  return sum('alone') / sum('decisions');
}

export function claimsEach(round: Round): number {
  return claims(round) / total(round, 'decisions');
}

export function cpuUsEach(round: Round): number {
  return total(round, 'cpuUs') / total(round, 'decisions');
}

/** A quantile over all gateways of a round. */
export function waitUs(part: number): (round: Round) => number {
  return ({ gateways }) => {
    const sorted = Float64Array.from(gateways.flatMap(({ waitsUs }) => [...waitsUs])).sort();
    return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? NaN;
  };
}
