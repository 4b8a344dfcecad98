import type { WireBounds } from './wire-bounds.ts';

/** What a client's connection waits for: something of its own, or one of these, which its client has to do. */
export type ClientWait = 'nothing' | 'request' | 'head' | 'body' | 'reading' | 'leaving' | 'tunnel';

/** Tells a client that is slow from one that stands still, by looking now and then; no wait has a timer of its own. */
export class ClientWatch {
  #wait: ClientWait = 'nothing';
  #progress = 0;
  #sinceMs = 0;

  /** Whether a wait has lasted for longer than its bound without progress, counted in anything. */
  standsStill(wait: ClientWait, progress: number, look: { nowMs: number; bounds: WireBounds }): boolean {
    const { nowMs, bounds } = look;
    if (this.#wait === wait && this.#progress === progress)
      return nowMs - this.#sinceMs >= boundMs(wait, bounds);
    this.#wait = wait;
    this.#progress = progress;
    this.#sinceMs = nowMs;
    return false;
  }
}

function boundMs(wait: ClientWait, bounds: WireBounds): number {
  switch (wait) {
    case 'nothing':
      return Infinity;
    case 'request':
      return bounds.idleMsMax;
    case 'head':
      return bounds.headMsMax;
    case 'body':
      return bounds.bodyIdleMsMax;
    case 'reading':
      return bounds.drainMsMax;
    case 'leaving':
      return bounds.sweepEveryMs;
    case 'tunnel':
      return bounds.tunnelIdleMsMax;
    default:
      return wait satisfies never;
  }
}
