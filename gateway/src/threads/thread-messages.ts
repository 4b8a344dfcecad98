import type { MessagePort } from 'node:worker_threads';
import type { Config } from '../config/config.ts';
import type { ThreadStatus } from '../gateway-thread.ts';
import type { GatewayId } from '../limits/claim.ts';
import type { ListenerPorts } from '../proxy/listeners.ts';
import type { MetricsSnapshot } from './combined-metrics.ts';

/** What a thread is started with. One structured clone: what is the same object in the configuration stays the same. */
export interface ThreadStart {
  readonly config: Config;
  readonly gateway: GatewayId;
  readonly ports: ListenerPorts;
  readonly threads: number;
  /** To the counters, where they are in this process. */
  readonly storePort: MessagePort | undefined;
}

/** What a thread may be asked for, and what it answers. */
export interface Answers {
  readonly status: ThreadStatus;
  readonly metrics: MetricsSnapshot;
  /** Whether it could go by a configuration. */
  readonly prepare: boolean;
  /** It goes by what it prepared last. */
  readonly commit: true;
  /** It has drained, given its leases back and written its last line. */
  readonly close: true;
}

export type Question =
  | { readonly kind: 'status' | 'metrics' | 'commit' | 'close' }
  | { readonly kind: 'prepare'; readonly config: Config };

/** A text that a thread has asked for, or why it can't be had. */
export type FetchedText =
  | { readonly id: number; readonly text: string }
  | { readonly id: number; readonly problem: string };

export type ToThread =
  | { readonly id: number; readonly question: Question }
  /** So many characters of its log were taken. */
  | { readonly taken: number }
  | { readonly fetched: FetchedText };

export type FromThread =
  | { readonly listening: ListenerPorts }
  | { readonly id: number; readonly answer: Answers[keyof Answers] }
  /** Whole lines of the access log, and how many. */
  | { readonly log: string; readonly lines: number }
  /** A line for people. */
  | { readonly report: string }
  /** Asks for the text behind a URL. */
  | { readonly fetch: { readonly id: number; readonly url: string } };
