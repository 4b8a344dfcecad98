import { octets, tokenEnd, valueEnd } from './octets.ts';

/**
 * The fields of a message as they came: name, value, name, value, …; names in any case, values without white space at
 * either end, one character per byte.
 */
export type Fields = readonly string[];

/** A place of a head where it stops to be one. */
export const noField = -1;

/**
 * Reads the field line that starts at `at` and adds it to `fields`; gives where the next line starts, or `noField`. Folded
 * lines, white space before the colon and lone CR or LF are no field lines (RFC 9112, section 5).
 */
export function readField(text: string, at: number, fields: string[]): number {
  const colonAt = tokenEnd(text, at);
  if (colonAt === at || text.charCodeAt(colonAt) !== octets.colon) return noField;
  let from = colonAt + 1;
  while (isBlank(text, from)) from += 1;
  const lineEnd = valueEnd(text, from);
  if (text.charCodeAt(lineEnd) !== octets.cr || text.charCodeAt(lineEnd + 1) !== octets.lf) return noField;
  let to = lineEnd;
  while (to > from && isBlank(text, to - 1)) to -= 1;
  fields.push(text.slice(at, colonAt), text.slice(from, to));
  return lineEnd + 2;
}

function isBlank(text: string, at: number): boolean {
  const octet = text.charCodeAt(at);
  return octet === octets.space || octet === octets.tab;
}
