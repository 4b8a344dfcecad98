import { inside, touching, type JudgedLimit, type JudgedWindow, type Span, type Spans } from './windows.ts';

/**
 * Windows that start with their first request can't be read off a clock. Of all rows of windows that don't overlap, this finds
 * the one that excuses most: the least over-admission, and then the fewest missed units. The row begins at `originMs`, when the
 * first request was sent; a later start of any window has to leave requests in front of it unexplained,
 * and each of those counts as over the limit. A request that may belong to either of two windows is counted in neither.
 */
export function fittingWindows(
  limit: JudgedLimit,
  { admitted, refused }: Spans,
  originMs: number,
): readonly JudgedWindow[] {
  if (admitted.length === 0) return [];
  const ticks = Math.max(...admitted.map(({ toMs }) => toMs)) - originMs + 1;
  const starts = cheapestStarts(limit, {
    admitted: new Timeline(admitted, originMs, ticks),
    refused: new Timeline(refused, originMs, ticks),
  });
  let endBeforeMs = originMs;
  return starts.flatMap((start) => {
    const window = { startMs: originMs + start, endMs: originMs + start + limit.windowMs };
    const gap = { startMs: endBeforeMs, endMs: window.startMs };
    const stray = inside(admitted, gap);
    const within = inside(admitted, { ...window, startMs: gap.startMs }) - stray;
    const unspent = Math.max(0, limit.units - touching(admitted, window));
    const missed = Math.min(unspent, inside(refused, window));
    const judged = { ...window, admitted: within, over: Math.max(0, within - limit.units), missed };
    endBeforeMs = window.endMs;
    return stray === 0 ? [judged] : [{ ...gap, admitted: stray, over: stray, missed: 0 }, judged];
  });
}

/** Spans by tick (ms from the first request), to count them quickly. */
class Timeline {
  readonly ticks: number;
  /** For each tick, the ends of the spans that begin then. */
  readonly #ends: readonly number[][];
  readonly #begunBefore: Int32Array;
  readonly #endedBefore: Int32Array;

  constructor(spans: readonly Span[], originMs: number, ticks: number) {
    this.ticks = ticks;
    this.#ends = Array.from({ length: ticks + 1 }, () => []);
    this.#begunBefore = new Int32Array(ticks + 2);
    this.#endedBefore = new Int32Array(ticks + 2);
    for (const { fromMs, toMs } of spans) {
      const from = Math.min(ticks, fromMs - originMs);
      const to = Math.min(ticks, toMs - originMs);
      this.#ends[from]!.push(to);
      this.#begunBefore[from + 1]! += 1;
      this.#endedBefore[to + 1]! += 1;
    }
    for (let tick = 1; tick < ticks + 2; tick += 1) {
      this.#begunBefore[tick]! += this.#begunBefore[tick - 1]!;
      this.#endedBefore[tick]! += this.#endedBefore[tick - 1]!;
    }
  }

  /** Spans that begin at `tick` and end before `end`. */
  beginningAt(tick: number, end: number): number {
    return this.#ends[tick]!.reduce((count, to) => count + (to < end ? 1 : 0), 0);
  }

  inside(start: number, end: number): number {
    let count = 0;
    for (let tick = start; tick < Math.min(end, this.ticks); tick += 1) count += this.beginningAt(tick, end);
    return count;
  }

  touching(start: number, end: number): number {
    return this.#begunBefore[Math.min(end, this.ticks + 1)]! - this.#endedBefore[start]!;
  }
}

/** One unit over the limit weighs more than any number of missed ones. */
const overWeight = 1_000_000;

/** The cheapest row of windows that accounts for everything, tick by tick; gives their starts. */
function cheapestStarts(
  { units, windowMs }: JudgedLimit,
  { admitted, refused }: { readonly admitted: Timeline; readonly refused: Timeline },
): readonly number[] {
  const { ticks } = admitted;
  // cost[end]: the least for everything that arrived before `end`, when a window ends there.
  const cost = new Float64Array(ticks + windowMs + 1).fill(Infinity);
  const startOf = new Int32Array(cost.length).fill(-1);
  const endBefore = new Int32Array(cost.length);
  cost[0] = 0;
  for (let start = 0; start < ticks; start += 1) {
    const end = start + windowMs;
    const unspent = Math.max(0, units - admitted.touching(start, end));
    const missed = unspent === 0 ? 0 : Math.min(unspent, refused.inside(start, end));
    // What must lie between the end of the window before and this one's start, and up to this one's end.
    let stray = 0;
    let explained = admitted.inside(start, end);
    for (let from = start; from >= 0; from -= 1) {
      if (from < start) {
        stray += admitted.beginningAt(from, start);
        explained += admitted.beginningAt(from, end);
      }
      if (overWeight * stray >= cost[end]!) break;
      const over = stray + Math.max(0, explained - stray - units);
      const sum = cost[from]! + overWeight * over + missed;
      if (sum >= cost[end]!) continue;
      cost[end] = sum;
      startOf[end] = start;
      endBefore[end] = from;
    }
  }
  let last = ticks;
  for (let end = ticks; end < cost.length; end += 1) if (cost[end]! < cost[last]!) last = end;
  const starts: number[] = [];
  for (let end = last; end > 0; end = endBefore[end]!) starts.unshift(startOf[end]!);
  return starts;
}
