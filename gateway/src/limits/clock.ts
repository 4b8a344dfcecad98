/** Before any moment of a monotonic clock. A small whole number, as moments are: a counter keeps several of them. */
export const neverMs = -1;

/** The port to time and to the event loop. Only the system clock (src/system-clock.ts) and test clocks implement it. */
export interface Clock {
  /** Whole ms of a clock that never jumps, from 0 on; its zero means nothing. Decides deadlines. */
  monotonicMs(): number;
  /** Whole ms since the Unix epoch, as far as this machine knows. Never decides while a store answers. */
  wallMs(): number;
  /** The same by what the wall clock said when this process started: goes on evenly when somebody sets that. */
  evenWallMs(): number;
  /** Runs once after `delayMs`; the returned function cancels it. Doesn't keep the process alive. */
  after(delayMs: number, run: () => void): () => void;
  /** Runs once when the current turn of the event loop has handled its events. */
  atEndOfTurn(run: () => void): void;
}
