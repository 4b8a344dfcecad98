import { percentile } from '../support/load.ts';
import type { Seen } from './judge.ts';
import type { LimitFigures, Trial } from './trial.ts';
import type { OnFailure } from './limits.ts';
import type { JudgedWindow } from './windows.ts';

/** What one fault came to: a row of the report. Units are requests, times whole ms. */
export interface Figures {
  readonly onFailure: OnFailure;
  readonly fault: string;
  readonly decisions: number;
  readonly admitted: number;
  /** Units over the limits, and over the worst one in its worst window. */
  readonly over: number;
  readonly overWorst: string;
  /** What I2 allows: units granted between a loss of data and the last restatement, and how long that took. */
  readonly lossBound: number;
  readonly restatedMs: number;
  /** Refused as over the limit while units were left: in windows that the fault touched, and in all others. */
  readonly wronglyRefused: number;
  readonly wronglyRefusedElsewhere: number;
  readonly undecided: number;
  /** Admitted without the store, as the gateways say. */
  readonly uncertain: number;
  readonly unanswered: number;
  readonly failed: number;
  /** Requests that reached the backend more than once. */
  readonly repeated: number;
  /** From sending to the backend, or to the refusal: an upper bound of the decision's wait, machine and network included. */
  readonly waitP999Ms: number;
  readonly waitMaxMs: number;
  /** The decision's wait by the gateways' own access logs. */
  readonly limiterP999Ms: number;
  readonly limiterMaxMs: number;
  /** What the machine may have added to any wait. */
  readonly machineLagMs: number;
  /** From the fault's end until all gateways are ready; undefined when they never were. */
  readonly readyMs: number | undefined;
  /** From the fault's end until the first window from which on all are exact; 0 when the fault left no trace. */
  readonly exactMs: number;
  readonly crashes: number;
  readonly complaints: readonly string[];
}

/** How soon after a fault limits must be exact again. */
export const recoveryMsMax = 1000;
/** Part of a limit that may stay unspent in an exact window (I3). */
const strandedPart = 0.005;

/** Sums a trial up. */
export function figuresOf(trial: Trial, onFailure: OnFailure): Figures {
  const { fault, course, requests } = trial;
  const timed = requests.filter(({ gateway = -1 }) => gateway !== fault.freezes);
  const waits = timed.flatMap(waitOf);
  const limiterWaits = timed.flatMap(({ limiterMs = [] }) => limiterMs);
  const count = (outcome: Seen['outcome']): number =>
    requests.filter((request) => request.outcome === outcome).length;
  const windows = trial.limits.flatMap((limit) => limit.windows.map((window) => ({ ...limit, window })));
  const worst = windows.reduce(
    (one, other) => (other.window.over > one.window.over ? other : one),
    windows[0]!,
  );
  const missed = (of: typeof windows): number => of.reduce((sum, { window }) => sum + window.missed, 0);
  const touched = windows.filter(({ window }) => touches(window, trial));
  return {
    onFailure,
    fault: fault.name,
    decisions: count('admitted') + count('over-limit') + count('undecided'),
    admitted: requests.reduce((sum, { arrivalsMs }) => sum + arrivalsMs.length, 0),
    over: overOf(windows.map(({ window }) => window)),
    overWorst: worst.window.over === 0 ? '' : `${worst.limit.name} ${worst.window.over}/${worst.limit.units}`,
    lossBound: trial.limits.reduce((sum, { loss }) => sum + loss.granted, 0),
    restatedMs: Math.round(Math.max(...trial.limits.map(({ loss }) => loss.restatedAfterMs))),
    wronglyRefused: missed(touched),
    wronglyRefusedElsewhere: missed(windows) - missed(touched),
    undecided: count('undecided'),
    uncertain: requests.filter(({ certain, arrivalsMs }) => certain === false && arrivalsMs.length > 0)
      .length,
    unanswered: count('unanswered'),
    failed: count('failed'),
    repeated: requests.filter(({ arrivalsMs }) => arrivalsMs.length > 1).length,
    waitP999Ms: percentile(waits, 0.999),
    waitMaxMs: percentile(waits, 1),
    limiterP999Ms: Math.round(percentile(limiterWaits, 0.999)),
    limiterMaxMs: Math.round(percentile(limiterWaits, 1)),
    machineLagMs: trial.machineLagMs,
    readyMs: course.readyAtMs === undefined ? undefined : Math.max(0, course.readyAtMs - course.endedAtMs),
    exactMs: Math.max(...trial.limits.map((limit) => exactAfterMs(limit, trial))),
    crashes: trial.crashes,
    complaints: trial.complaints,
  };
}

/** A refusal waits until its answer is there; an admitted request until the backend has it. */
function waitOf({ outcome, sentMs, endedMs, arrivalsMs }: Seen): readonly number[] {
  if (outcome === 'over-limit' || outcome === 'undecided') return [endedMs - sentMs];
  return outcome === 'admitted' && arrivalsMs[0] !== undefined ? [arrivalsMs[0] - sentMs] : [];
}

export function overOf(windows: readonly JudgedWindow[]): number {
  return windows.reduce((sum, { over }) => sum + over, 0);
}

/** Whether the fault, or the second in which gateways may recover from it, lies in a window. */
export function touches({ startMs, endMs }: JudgedWindow, { course }: Trial): boolean {
  return endMs > course.beganAtMs && startMs < course.endedAtMs + recoveryMsMax;
}

export function isExact({ limit }: LimitFigures, { over, missed }: JudgedWindow): boolean {
  return over === 0 && missed <= Math.ceil(limit.units * strandedPart);
}

function exactAfterMs(figures: LimitFigures, { course }: Trial): number {
  const inexact = figures.windows.filter(
    (window) => window.endMs > course.beganAtMs && !isExact(figures, window),
  );
  const last = inexact.at(-1);
  return last === undefined ? 0 : Math.max(0, last.endMs - course.endedAtMs);
}
