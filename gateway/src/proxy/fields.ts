import type { Fields } from '../wire/fields.ts';

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

/** Whether a field has this name, which is in lower case. Most differ in their length or their first letter. */
export function isNamed(written: string | undefined, name: string): boolean {
  if (written === undefined || written.length !== name.length) return false;
  for (let at = 0; at < name.length; at += 1) {
    const code = written.charCodeAt(at);
    const isUpper = code >= 0x41 && code <= 0x5a;
    if ((isUpper ? code | 0x20 : code) !== name.charCodeAt(at)) return false;
  }
  return true;
}

/** Rules names out by their length and first letter, in any case: most fields needn't be looked at any closer. */
export class NameSieve {
  /** By length, a bit for each first letter; the last one stands for all greater lengths. */
  readonly #letters = new Uint32Array(sieveLengths);

  /** Names are in lower case; `beginnings` let all longer names pass too. */
  constructor(names: Iterable<string>, beginnings: readonly string[] = []) {
    for (const name of names) this.#add(name, name.length);
    for (const beginning of beginnings) {
      for (let { length } = beginning; length < sieveLengths; length += 1) this.#add(beginning, length);
    }
  }

  /** True for every name it was made of; false for nearly all others. */
  passes(written: string): boolean {
    const letters = this.#letters[Math.min(written.length, sieveLengths - 1)] ?? 0;
    return ((letters >>> (written.charCodeAt(0) & 31)) & 1) === 1;
  }

  #add(name: string, length: number): void {
    const at = Math.min(length, sieveLengths - 1);
    this.#letters[at] = (this.#letters[at] ?? 0) | (1 << (name.charCodeAt(0) & 31));
  }
}

const sieveLengths = 32;
