import type { Answers } from './traffic.ts';

/** What the demo's witness saw, beside what the gateways say. */
export interface Proof {
  /** Requests that reached the backend, window by window. */
  readonly windows: readonly number[];
  readonly admitted: number;
  readonly arrived: number;
  /** Requests above the limit, summed over the windows. */
  readonly over: number;
  /** Requests that a whole window could have taken and didn't. */
  readonly missed: number;
  readonly exact: boolean;
}

/** Traffic at several times the limit empties a window early; the silence until the next one is longer than this. */
const silenceMs = 200;

/**
 * Judges by the backend's own arrivals. Windows start with their first request, so the witness knows them by the silence
 * before. The last one may have been cut short by the end of the traffic, so it may be exceeded no more than the others but
 * needn't be full.
 */
export function prove(seen: {
  readonly arrivalsMs: readonly number[];
  readonly answers: readonly Answers[];
  readonly limit: number;
}): Proof {
  const windows: number[] = [];
  let lastMs = -Infinity;
  for (const arrivalMs of seen.arrivalsMs) {
    if (arrivalMs - lastMs > silenceMs) windows.push(0);
    windows.push((windows.pop() ?? 0) + 1);
    lastMs = arrivalMs;
  }
  const admitted = seen.answers.reduce((sum, answers) => sum + (answers.get(200) ?? 0), 0);
  const arrived = seen.arrivalsMs.length;
  const over = windows.reduce((sum, count) => sum + Math.max(0, count - seen.limit), 0);
  const missed = windows.slice(0, -1).reduce((sum, count) => sum + Math.max(0, seen.limit - count), 0);
  const exact = windows.length > 1 && over === 0 && missed === 0 && admitted === arrived;
  return { windows, admitted, arrived, over, missed, exact };
}
