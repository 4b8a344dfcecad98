/*
 * Loaded into a gateway with `--import`: lets the chaos run move this process' wall clock while everything else stays as it is.
 * It replaces what JavaScript reads the wall clock with, `Date.now()` and `new Date()`; the monotonic clock (`performance.now`)
 * and timers don't follow, as they don't when somebody sets a machine's clock. What it can't move is the clock that the
 * runtime's own C++ code reads, such as for TLS certificates.
 */

/** Moves the wall clock of the process by `shiftClockMs`, counted from the true time. */
export interface ClockShift {
  readonly shiftClockMs: number;
}

const TrueDate = Date;
let shiftMs = 0;

class ShiftedDate extends TrueDate {
  constructor(...given: readonly [] | ConstructorParameters<DateConstructor>) {
    if (given.length === 0) super(TrueDate.now() + shiftMs);
    else super(...(given as [number]));
  }

  static override now(): number {
    return TrueDate.now() + shiftMs;
  }
}

globalThis.Date = ShiftedDate as DateConstructor;

process.on('message', (message: ClockShift) => {
  shiftMs = message.shiftClockMs;
});
