import { hash } from 'node:crypto';
import type { Address } from './address.ts';

/** Longer values stand in counter keys by their digest, so a client can't make keys of any length. */
const subjectCharsMax = 64;

/** What stands for callers that nothing tells apart: all of them share one counter. */
export const sharedSubject = '';

/** A caller known by address only. */
export function addressSubject(client: Address): string {
  return client.network;
}

/**
 * A caller known by what it wrote into a header; a repeated header counts as its values in one list, a missing one like an
 * empty one. The digest of a long value can't be spelled by another caller: written out, it is too long itself.
 */
export function headerSubject(values: readonly string[]): string {
  const value = values.join(', ');
  if (value.length <= subjectCharsMax) return value;
  return `sha256-${hash('sha256', Buffer.from(value, 'latin1'), 'hex')}`;
}
