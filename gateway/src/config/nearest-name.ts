import { distance } from 'fastest-levenshtein';

/** Longer names aren't compared: nobody mistyped those. */
const nameLengthMax = 100;
const candidatesMax = 1000;
const shortListMax = 8;

/** The known name a mistyped one most likely stands for; upper and lower case don't count as different. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (name.length > nameLengthMax) return undefined;
  const wanted = name.toLowerCase();
  let nearest: string | undefined;
  // Two letters that changed places are two steps apart.
  let nearestDistance = name.length < 4 ? 2 : Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of known.slice(0, candidatesMax)) {
    const apart = distance(wanted, candidate.toLowerCase());
    if (apart < nearestDistance) [nearest, nearestDistance] = [candidate, apart];
  }
  return nearest;
}

/** A hint that names the nearest known name, or else all known names when they are few. */
export function didYouMean(name: string, known: readonly string[]): string | undefined {
  const nearest = nearestName(name, known);
  if (nearest !== undefined) return `Did you mean ${quote(nearest)}?`;
  if (known.length === 0 || known.length > shortListMax) return undefined;
  return `Known: ${known.map(quote).join(', ')}.`;
}

/** A name or value in quotes for a message: one line, at most 80 characters, control characters escaped. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text);
}
