import type { Verdict } from '../limiter/verdict.ts';
import type { Api } from '../policy/catalogue.ts';
import type { Exchange } from './exchange.ts';
import type { Identified } from './identify.ts';
import type { Refusal } from './refusal.ts';
import type { Routed } from './route.ts';
import type { Serving } from './serving.ts';
import type { Target } from './target.ts';

/**
 * How far one exchange came. handle.ts notes what each stage gave, observe.ts tells it once at the end; no stage reads it
 * to find out what to do. Moments are ms of the stopwatch.
 */
export interface Course {
  readonly exchange: Exchange;
  /** The configuration the request started with, and keeps. */
  readonly serving: Serving;
  readonly activityId: string;
  target?: Target;
  api?: Api | undefined;
  routed?: Routed;
  identified?: Identified;
  askedLimiterAtMs?: number;
  decidedAtMs?: number;
  verdict?: Verdict;
  forwarding?: { abort(): void };
  forwardedAtMs?: number;
  /** When the head of the backend's answer came, or its failure. */
  backendEndedAtMs?: number;
  refusal?: Refusal;
}
