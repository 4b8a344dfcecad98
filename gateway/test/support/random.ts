/** A seeded generator (mulberry32): the same seed gives the same run. */
export interface Random {
  readonly seed: number;
  /** A whole number in 0..below-1. */
  below(below: number): number;
  pick<T>(from: readonly T[]): T;
  chance(probability: number): boolean;
}

/** Takes the seed from SLUICE_SEED, or makes one; a failing test prints it. */
export function seededRandom(seed: number = seedFromEnvironment()): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    seed,
    below: (below) => Math.floor(next() * below),
    pick: (from) => from[Math.floor(next() * from.length)]!,
    chance: (probability) => next() < probability,
  };
}

function seedFromEnvironment(): number {
  const given = process.env['SLUICE_SEED'];
  return given === undefined ? Math.floor(Math.random() * 4_294_967_296) : Number(given);
}
