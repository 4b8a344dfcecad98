import type { Clock } from './limits/clock.ts';

/** The one place that reads this machine's clocks and sets its timers. */
export const systemClock: Clock = {
  monotonicMs: () => Math.floor(performance.now()),
  wallMs: () => Date.now(),
  evenWallMs: () => Math.floor(performance.timeOrigin + performance.now()),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs).unref();
    return () => {
      clearTimeout(timer);
    };
  },
  atEndOfTurn(run) {
    setImmediate(run);
  },
};

/** Monotonic ms with fractions, to measure durations; decides nothing. */
export function stopwatchMs(): number {
  return performance.now();
}
