import type { Limit } from './limit.ts';

declare const brand: unique symbol;

/** Names one counter: one limit for one subject. Built only by `counterKey`. */
export type CounterKey = string & { readonly [brand]: 'CounterKey' };

const suffixes: Readonly<Record<Limit['kind'], string>> = {
  'fixed-window': '',
  'sliding-window': '-sliding',
  'token-bucket': '-bucket',
};

/**
 * Builds the key `<kind>@<window in ms>:<part>:<part>…`. The kind keeps a quota apart from a burst of the same subject. The
 * window's length and the algorithm are part of the name, so a limit whose window or algorithm changes starts a new counter
 * instead of reading the old one's ledger, while a changed quota keeps its count. A colon inside a part is escaped, so no
 * name chosen by an operator or a client can spell another counter's key.
 */
export function counterKey(kind: string, limit: Limit, subject: readonly string[]): CounterKey {
  const prefix = `${kind}@${limit.windowMs}${suffixes[limit.kind]}`;
  return `${prefix}:${subject.map(escapePart).join(':')}` as CounterKey;
}

function escapePart(part: string): string {
  return part.replace(/[%:]/g, (found) => (found === ':' ? '%3A' : '%25'));
}
