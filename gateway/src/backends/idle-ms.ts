import { naturalNumber } from '../wire/octets.ts';
import type { Fields } from '../wire/fields.ts';

/** Where the backend doesn't say: shorter than what servers usually keep, 5 s and more. */
const defaultMs = 4000;
/** Before the backend's own end: on its way to there a request would meet a closed connection. */
const marginMs = 1000;
const longestMs = 600_000;

/** How long a connection may be idle after an answer with these fields, whose names are in lower case; 0 for not at all. */
export function idleMsAfter(fields: Fields): number {
  for (let at = 0; at < fields.length; at += 2) {
    if (fields[at] === 'keep-alive') return idleMs(fields[at + 1] ?? '');
  }
  return defaultMs;
}

function idleMs(keepAlive: string): number {
  const seconds = naturalNumber(/(?:^|[,\s])timeout=(\d{1,9})/i.exec(keepAlive)?.[1] ?? '');
  return seconds === undefined ? defaultMs : Math.min(longestMs, Math.max(0, seconds * 1000 - marginMs));
}
