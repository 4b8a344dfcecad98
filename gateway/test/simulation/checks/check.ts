import type { Event, FinalCount } from '../history.ts';

export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6';

/** Reads a history, never the limiter's own numbers, and reports what breaks an invariant of leases.md. */
export interface Check {
  see(event: Event): void;
  end?(finals: readonly FinalCount[]): void;
}

export type Report = (invariant: Invariant, what: string) => void;

/** Adds to a sum kept under a key, and gives the new sum. */
export function add<Key>(sums: Map<Key, number>, key: Key, units: number): number {
  const sum = (sums.get(key) ?? 0) + units;
  sums.set(key, sum);
  return sum;
}
