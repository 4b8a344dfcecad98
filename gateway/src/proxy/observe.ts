import type { Verdict } from '../limiter/verdict.ts';
import type { KeyType } from '../policy/catalogue.ts';
import type { Level } from '../policy/levels.ts';
import { plan } from '../policy/plan.ts';
import type { Course } from './course.ts';
import type { Metering } from './metering.ts';
import type { Usage } from './usage.ts';

/** The port to where exchanges are told: the access log, the metrics. Must not throw. */
export interface ExchangeRecorder {
  record(record: ExchangeRecord): void;
}

/**
 * One exchange after its end. Holds no key and no client address. Durations are ms with fractions; what didn't happen is
 * absent.
 */
export interface ExchangeRecord {
  readonly activityId: string;
  readonly method: string;
  /** Canonical, without the query; absent when the target has no canonical form. */
  readonly path: string | undefined;
  readonly api: { readonly name: string; readonly version: string } | undefined;
  /** The operation's path template. */
  readonly operation: string | undefined;
  /** Absent when the client left before an answer began. */
  readonly status: number | undefined;
  /** The code of the refusal, if the gateway refused. */
  readonly code: string | undefined;
  readonly application: string | undefined;
  readonly keyType: KeyType | undefined;
  /** The levels that were asked. */
  readonly levels: readonly Level[];
  /** The level that refused, and its counter's key; of anonymous callers without what tells them apart. */
  readonly refusedBy: { readonly level: Level; readonly counter: string } | undefined;
  /** The levels that let it pass although their limit was reached. */
  readonly over: readonly Level[];
  /** Tokens that the backend's answer says it has cost. */
  readonly tokens: Usage | undefined;
  /** Whether an answer that is counted in tokens said how many they were. */
  readonly usage: Metering['found'];
  /** False when a limit was decided without the store. */
  readonly certain: boolean;
  /** The client didn't get a whole answer. */
  readonly aborted: boolean;
  /** Body bytes from and to the client. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly durationMs: number;
  /** Waiting for the limiter. */
  readonly limiterMs: number | undefined;
  /** From sending the request to the head of the backend's answer, or its failure. */
  readonly backendMs: number | undefined;
}

/** Sums up an exchange; called once, at its end. */
export function recordOf(
  course: Course,
  end: { readonly aborted: boolean; readonly endedAtMs: number },
): ExchangeRecord {
  const { exchange, target, routed, identified, verdict, refusal } = course;
  const consumer = identified?.facts.consumer;
  return {
    activityId: course.activityId,
    method: exchange.head.method,
    path: target?.path,
    api: course.api,
    operation: routed?.operation.target,
    status: exchange.status,
    code: refusal?.cause.code,
    application: consumer?.kind === 'application' ? consumer.application.name : undefined,
    keyType: identified?.facts.keyType,
    levels: verdict === undefined || identified === undefined ? none : identified.levels,
    refusedBy: refusingCounter(course),
    over: overLevels(verdict),
    tokens: course.metering?.usage,
    usage: course.metering?.found ?? 'none',
    certain: verdict?.certain ?? true,
    aborted: end.aborted,
    bytesIn: exchange.bytesIn,
    bytesOut: exchange.bytesOut,
    durationMs: end.endedAtMs - exchange.startedAtMs,
    limiterMs: duration(course.askedLimiterAtMs, course.decidedAtMs),
    backendMs: duration(course.forwardedAtMs, course.backendEndedAtMs),
  };
}

const none: readonly Level[] = [];

function overLevels(verdict: Verdict | undefined): readonly Level[] {
  if (verdict?.admitted !== true || verdict.over === undefined) return none;
  return [...new Set(verdict.over.map(({ level }) => level))];
}

function refusingCounter({ verdict, identified }: Course): ExchangeRecord['refusedBy'] {
  if (identified === undefined || verdict === undefined || verdict.admitted) return undefined;
  const { level, key, rule, measure } = verdict.refused.charge;
  const { facts } = identified;
  // The key of a rule may hold an address.
  if (rule !== undefined) return { level, counter: rule };
  const isShared = level !== 'subscription' && level !== 'burst';
  if (facts.consumer.kind === 'application' || isShared) return { level, counter: key };
  const nobody = { ...facts, consumer: { ...facts.consumer, subject: '' } };
  const counted = plan(nobody).find((charge) => charge.level === level && charge.measure === measure);
  return { level, counter: counted?.key ?? '' };
}

function duration(fromMs: number | undefined, toMs: number | undefined): number | undefined {
  return fromMs === undefined || toMs === undefined ? undefined : toMs - fromMs;
}
