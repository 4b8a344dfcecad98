/** A limit whose windows can be told from outside. */
export interface JudgedLimit {
  readonly name: string;
  readonly units: number;
  readonly windowMs: number;
  readonly starts: 'aligned' | 'first-request';
}

/** When a unit may have been spent, or a request refused: from sending on. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A window, half open. */
export interface Window {
  readonly startMs: number;
  readonly endMs: number;
}

export interface JudgedWindow extends Window {
  /** Units spent in it. */
  readonly admitted: number;
  /** Units spent beyond the limit, whichever moments are assumed. */
  readonly over: number;
  /** Requests refused as over the limit for which the window had units that nobody got to its end. */
  readonly missed: number;
}

/** What one limit was asked: units that were spent, earliest arrival first, and requests it refused. */
export interface Spans {
  readonly admitted: readonly Span[];
  readonly refused: readonly Span[];
}

/** What a window must contain at least: the spans that lie inside it. */
export function inside(spans: readonly Span[], { startMs, endMs }: Window): number {
  return spans.filter(({ fromMs, toMs }) => fromMs >= startMs && toMs < endMs).length;
}

/** What a window can contain at most: the spans that touch it. */
export function touching(spans: readonly Span[], { startMs, endMs }: Window): number {
  return spans.filter(({ fromMs, toMs }) => toMs >= startMs && fromMs < endMs).length;
}
