import type { Random } from '../support/random.ts';

/** A field's name in any case. */
export function spelledName(random: Random, name: string): string {
  return random.pick([
    name,
    name.toLowerCase(),
    name.toUpperCase(),
    name.replace(/./g, (letter) => (random.chance(0.5) ? letter.toUpperCase() : letter.toLowerCase())),
  ]);
}

export function shuffled<T>(random: Random, all: readonly T[]): T[] {
  const left = [...all];
  return all.map(() => left.splice(random.below(left.length), 1)[0]!);
}
