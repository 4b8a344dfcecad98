/**
 * The fields of a message as they came: name, value, name, value, …; names in any case, values without white space at
 * either end, one character per byte.
 */
export type Fields = readonly string[];

/** All values of a field, in their order. `name` is in lower case. */
export function fieldValues(fields: Fields, name: string): readonly string[] {
  let values: string[] | undefined;
  for (let at = 0; at < fields.length; at += 2) {
    if (!isNamed(fields[at], name)) continue;
    values ??= [];
    values.push(fields[at + 1] ?? '');
  }
  return values ?? none;
}

/** Whether a field's name holds `_`. */
export function hasUnderscoreName(fields: Fields): boolean {
  for (let at = 0; at < fields.length; at += 2) {
    if (fields[at]?.includes('_') === true) return true;
  }
  return false;
}

const none: readonly string[] = [];

function isNamed(written: string | undefined, name: string): boolean {
  if (written === undefined || written.length !== name.length) return false;
  return written === name || written.toLowerCase() === name;
}
