/** What a pool may take up, and how long it waits. */
export interface BackendBounds {
  /** Those included that speak another protocol by now. */
  readonly connectionsMax: number;
  /** Requests that may wait for a connection. */
  readonly waitingMax: number;
  readonly waitMsMax: number;
  readonly connectMsMax: number;
  /** Until the head of the answer is there, from the last that was sent of the request on. */
  readonly headMsMax: number;
  /** Between two pieces of the answer's body. */
  readonly bodyIdleMsMax: number;
}

export const defaultBackendBounds: BackendBounds = {
  connectionsMax: 256,
  waitingMax: 1024,
  waitMsMax: 10_000,
  connectMsMax: 5000,
  headMsMax: 60_000,
  bodyIdleMsMax: 60_000,
};

/** How often waits are looked at: one may last up to twice this much longer than its bound. */
export function sweepEveryMs({ waitMsMax, connectMsMax, headMsMax, bodyIdleMsMax }: BackendBounds): number {
  return Math.min(500, Math.ceil(Math.min(waitMsMax, connectMsMax, headMsMax, bodyIdleMsMax) / 4));
}
