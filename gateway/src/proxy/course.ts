import type { Verdict } from '../limiter/verdict.ts';
import type { Api } from '../policy/catalogue.ts';
import type { Exchange } from './exchange.ts';
import type { Identified } from './identify.ts';
import type { Metering } from './metering.ts';
import type { Refusal } from './refusal.ts';
import type { Routed } from './route.ts';
import type { Serving } from './serving.ts';
import type { Target } from './target.ts';

/**
 * How far one exchange came. handle.ts notes what each stage gave, observe.ts tells it once at the end; no stage reads it
 * to find out what to do. Moments are ms of the stopwatch. All fields are there from the start: an object that grows on its way
 * is made anew several times.
 */
export class Course {
  readonly exchange: Exchange;
  /** The configuration the request started with, and keeps. */
  readonly serving: Serving;
  readonly activityId: string;
  target: Target | undefined;
  api: Api | undefined;
  routed: Routed | undefined;
  identified: Identified | undefined;
  askedLimiterAtMs: number | undefined;
  decidedAtMs: number | undefined;
  verdict: Verdict | undefined;
  /** What is counted while the exchange runs. */
  metering: Metering | undefined;
  forwarding: { abort(): void } | undefined;
  forwardedAtMs: number | undefined;
  /** When the head of the backend's answer came, or its failure. */
  backendEndedAtMs: number | undefined;
  refusal: Refusal | undefined;

  constructor(exchange: Exchange, serving: Serving, activityId: string) {
    this.exchange = exchange;
    this.serving = serving;
    this.activityId = activityId;
  }
}
