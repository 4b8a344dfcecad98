/*
 * The judge knows when each request was sent, when it reached the backend, and what its client was told: nothing that a
 * gateway or the store says. A unit was spent at some moment between sending and arrival, so a request may belong to every
 * window that this span touches. No tolerance is added: over-admission is what no choice of moments within the spans explains.
 * Everybody reads the same machine's wall clock, in whole ms; the edges of aligned windows are whole ms too.
 */
import { fittingWindows } from './first-request-windows.ts';
import { inside, touching, type JudgedLimit, type JudgedWindow, type Spans } from './windows.ts';

/** `undecided`: 503 because the limiter couldn't decide. `unanswered`: the connection broke. `failed`: any other answer. */
export type Outcome = 'admitted' | 'over-limit' | 'undecided' | 'unanswered' | 'failed';

/** One request as its client and the backend saw it. Times are ms of the wall clock. */
export interface Seen {
  readonly sentMs: number;
  readonly endedMs: number;
  readonly outcome: Outcome;
  /** Empty when it never reached the backend. */
  readonly arrivalsMs: readonly number[];
}

/** Judges one limit by all of its requests, in any order. */
export function judge(limit: JudgedLimit, requests: readonly Seen[]): readonly JudgedWindow[] {
  const admitted = requests
    .flatMap(({ sentMs, arrivalsMs }) => arrivalsMs.map((toMs) => ({ fromMs: sentMs, toMs })))
    .sort((a, b) => a.toMs - b.toMs);
  const refused = requests
    .filter(({ outcome }) => outcome === 'over-limit')
    .map(({ sentMs, endedMs }) => ({ fromMs: sentMs, toMs: endedMs }));
  const spans = { admitted, refused };
  if (limit.starts === 'aligned') return judgeAligned(limit, spans);
  return fittingWindows(limit, spans, Math.min(...requests.map(({ sentMs }) => sentMs)));
}

/**
 * Puts as many units as fit into windows, earliest arrival first, which is the best there is; what fits nowhere is over the
 * limit, and booked where it arrived.
 */
function judgeAligned(
  { units, windowMs }: JudgedLimit,
  { admitted, refused }: Spans,
): readonly JudgedWindow[] {
  const windowOf = (atMs: number): number => Math.floor(atMs / windowMs);
  const all = [...admitted, ...refused];
  if (all.length === 0) return [];
  const first = all.reduce((least, { fromMs }) => Math.min(least, windowOf(fromMs)), Infinity);
  const last = all.reduce((most, { toMs }) => Math.max(most, windowOf(toMs)), -Infinity);
  const spent = new Map<number, number>();
  const over = new Map<number, number>();
  for (const { fromMs, toMs } of admitted) {
    let at = windowOf(fromMs);
    while (at < windowOf(toMs) && (spent.get(at) ?? 0) >= units) at += 1;
    if ((spent.get(at) ?? 0) >= units) over.set(at, (over.get(at) ?? 0) + 1);
    spent.set(at, (spent.get(at) ?? 0) + 1);
  }
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const at = first + index;
    const window = { startMs: at * windowMs, endMs: (at + 1) * windowMs };
    const unspent = Math.max(0, units - touching(admitted, window));
    const missed = Math.min(unspent, inside(refused, window));
    return { ...window, admitted: spent.get(at) ?? 0, over: over.get(at) ?? 0, missed };
  });
}
