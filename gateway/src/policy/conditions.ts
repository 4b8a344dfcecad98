import type { IpNumber } from './ip-number.ts';
import type { IpRange } from './ip-ranges.ts';
import type { RequestDetails } from './request-details.ts';

/** One thing that is asked of a request (wso2.md 1.5). `inverted` turns its answer around. */
export type Condition = { readonly inverted: boolean } & (
  | { readonly kind: 'address'; readonly range: IpRange }
  | {
      readonly kind: 'field' | 'parameter' | 'claim';
      /** Of a field in lower case. */
      readonly name: string;
      /** A regular expression, looked for anywhere in a value. */
      readonly pattern: string;
    }
);

/** A compiled regular expression that takes time in proportion to the length of what it looks at, and to `size`. */
export interface Pattern {
  /** Steps for each character, at most. */
  readonly size: number;
  /** Whether it is found anywhere in the text. */
  test(text: string): boolean;
}

/** Steps that one condition takes for one request: what a client wrote beyond them isn't looked at, and counts as fulfilling it. */
const stepsMax = 50_000;

type Test = (details: RequestDetails) => boolean;

/** Groups of conditions, compiled. All conditions of a group must hold; the first such group is the request's. */
export class Conditions {
  readonly #groups: readonly (readonly Test[])[];

  constructor(groups: readonly (readonly Condition[])[], compile: (pattern: string) => Pattern) {
    this.#groups = groups.map((conditions) => conditions.map((condition) => testOf(condition, compile)));
  }

  /** The position of the request's group; the number of groups when it belongs to none. */
  match(details: RequestDetails): number {
    const found = this.#groups.findIndex((tests) => tests.every((test) => test(details)));
    return found === -1 ? this.#groups.length : found;
  }
}

function testOf(condition: Condition, compile: (pattern: string) => Pattern): Test {
  const { inverted } = condition;
  if (condition.kind === 'address') {
    const { range } = condition;
    return ({ address }) => address !== undefined && isWithin(address, range) !== inverted;
  }
  const { kind, name } = condition;
  const pattern = compile(condition.pattern);
  switch (kind) {
    case 'field':
      return (details) => isFulfilled(details.fieldValues(name), pattern, inverted);
    case 'parameter':
      return (details) => isFulfilled(details.parameterValues(name), pattern, inverted);
    case 'claim':
      return ({ claims }) =>
        claimValues(claims !== undefined && Object.hasOwn(claims, name) ? claims[name] : undefined).some(
          (value) => pattern.test(value),
        ) !== inverted;
    default:
      return kind satisfies never;
  }
}

function isWithin(address: IpNumber, { from, to }: IpRange): boolean {
  return typeof address === typeof from && address >= from && address <= to;
}

/**
 * Whether any value does what is asked: is matched, or isn't where that is asked. So whatever a client adds to a request, a
 * condition that held holds. No value at all is none that is matched.
 */
function isFulfilled(values: readonly string[], pattern: Pattern, inverted: boolean): boolean {
  if (values.length === 0) return inverted;
  let charactersLeft = Math.floor(stepsMax / pattern.size);
  for (const value of values) {
    charactersLeft -= value.length;
    if (charactersLeft < 0 || pattern.test(value) !== inverted) return true;
  }
  return false;
}

/** A claim as texts: of a list, each of its items. */
function claimValues(claim: unknown): readonly string[] {
  if (Array.isArray(claim)) return claim.flatMap(claimValues);
  if (typeof claim === 'string') return [claim];
  return typeof claim === 'number' || typeof claim === 'boolean' ? [String(claim)] : none;
}

const none: readonly string[] = [];
