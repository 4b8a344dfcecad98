import type { Limit } from '../limits/limit.ts';

/**
 * What a quota counts. Bytes are those of request bodies, tokens those that an AI backend says it used, events the frames of a
 * WebSocket and the events of an SSE stream.
 */
export type Measure =
  | 'requests'
  | 'request-bytes'
  | 'events'
  | 'total-tokens'
  | 'prompt-tokens'
  | 'completion-tokens';

/** A limit, and what it counts. */
export interface Quota {
  readonly measure: Measure;
  readonly limit: Limit;
  /** Units that are charged ahead of what is known only after the answer, and needed to be admitted. */
  readonly reserved?: number;
}

/** A quota of requests. */
export function requestQuota(limit: Limit): Quota {
  return { measure: 'requests', limit };
}

/** What stands behind a level's name, in counters' keys and for clients: counts of different things are different counters. */
export const measureSuffixes: Readonly<Record<Measure, string>> = {
  requests: '',
  'request-bytes': '-bytes',
  events: '-events',
  'total-tokens': '-total-tokens',
  'prompt-tokens': '-prompt-tokens',
  'completion-tokens': '-completion-tokens',
};
