import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Attempt, BackendChoice } from './backend-choice.ts';

const none: ReadonlySet<number> = new Set();

function targetsOf(choice: BackendChoice, nowMs: number, requests: number): readonly (number | undefined)[] {
  return Array.from({ length: requests }, () => {
    const attempt = choice.pick(nowMs, none);
    if (attempt !== undefined) choice.succeeded(attempt);
    return attempt?.target;
  });
}

/** Lets a target fail until it is left out. */
function leaveOut(choice: BackendChoice, target: number, nowMs: number): void {
  for (let time = 0; time < 3; time += 1) choice.failed({ target, trial: false }, nowMs);
}

describe('round robin', () => {
  test('gives each target its turn', () => {
    expect(targetsOf(new BackendChoice(3, 'round-robin'), 0, 7)).toEqual([0, 1, 2, 0, 1, 2, 0]);
  });

  test('passes over one that is left out', () => {
    const choice = new BackendChoice(3, 'round-robin');
    leaveOut(choice, 1, 0);
    expect(targetsOf(choice, 0, 4)).toEqual([0, 2, 0, 2]);
  });

  test('goes on with the next for a request that found no way', () => {
    const choice = new BackendChoice(3, 'round-robin');
    expect(choice.pick(0, none)?.target).toBe(0);
    expect(choice.pick(0, new Set([0]))?.target).toBe(1);
    expect(choice.pick(0, new Set([0, 1]))?.target).toBe(2);
    expect(choice.pick(0, new Set([0, 1, 2]))).toBeUndefined();
  });
});

describe('failover', () => {
  test('takes the first as long as it lives, and again when it is back', () => {
    const choice = new BackendChoice(3, 'failover');
    expect(targetsOf(choice, 0, 3)).toEqual([0, 0, 0]);
    leaveOut(choice, 0, 0);
    leaveOut(choice, 1, 0);
    expect(targetsOf(choice, 999, 2)).toEqual([2, 2]);
    expect(targetsOf(choice, 1000, 2)).toEqual([0, 0]);
  });
});

describe('health', () => {
  test('two failures, or three that are not in a row, leave nobody out', () => {
    const choice = new BackendChoice(2, 'failover');
    const first: Attempt = { target: 0, trial: false };
    for (const outcome of ['failed', 'failed', 'succeeded', 'failed', 'failed'] as const)
      choice[outcome](first, 0);
    expect(choice.pick(0, none)?.target).toBe(0);
    choice.failed(first, 0);
    expect(choice.pick(0, none)?.target).toBe(1);
  });

  test('one request at a time tries a target that was left out', () => {
    const choice = new BackendChoice(2, 'failover');
    leaveOut(choice, 0, 0);
    const trial = choice.pick(1000, none);
    expect(trial).toEqual({ target: 0, trial: true });
    expect(choice.pick(1000, none)).toEqual({ target: 1, trial: false });
    choice.undecided(trial!);
    expect(choice.pick(1000, none)).toEqual({ target: 0, trial: true });
  });

  test('each trial that fails doubles the time, from a second up to a minute', () => {
    const choice = new BackendChoice(2, 'failover');
    leaveOut(choice, 0, 0);
    let nowMs = 0;
    for (const restMs of [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]) {
      expect(choice.pick(nowMs + restMs - 1, none)?.target).toBe(1);
      nowMs += restMs;
      const trial = choice.pick(nowMs, none)!;
      expect(trial).toEqual({ target: 0, trial: true });
      choice.failed(trial, nowMs);
    }
    choice.succeeded(choice.pick(nowMs + 60_000, none)!);
    leaveOut(choice, 0, nowMs + 60_000);
    expect(choice.pick(nowMs + 61_000, none)).toEqual({ target: 0, trial: true });
  });

  test('requests that were on their way when a target was left out prolong nothing', () => {
    const choice = new BackendChoice(2, 'failover');
    leaveOut(choice, 0, 0);
    leaveOut(choice, 0, 900);
    expect(choice.pick(1000, none)).toEqual({ target: 0, trial: true });
  });

  test('when all are left out the one that is due first gets the request, and no other', () => {
    const choice = new BackendChoice(3, 'round-robin');
    leaveOut(choice, 2, 0);
    leaveOut(choice, 0, 10);
    leaveOut(choice, 1, 20);
    expect(choice.pick(30, none)).toEqual({ target: 2, trial: false });
    expect(choice.pick(30, new Set([2]))).toBeUndefined();
  });
});

const seed = 20_261_126;

test(`a request finds a target, no target twice, and each that lives is found again (seed ${seed})`, () => {
  const seen = { retries: 0, trials: 0, allOut: 0 };
  const step = fc.record({
    afterMs: fc.nat(2000),
    outcome: fc.constantFrom('failed', 'failed', 'succeeded', 'undecided'),
    retries: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom('round-robin' as const, 'failover' as const),
      fc.array(step, { minLength: 20, maxLength: 60 }),
      (targets, rule, steps) => {
        const choice = new BackendChoice(targets, rule);
        let nowMs = 0;
        for (const { afterMs, outcome, retries } of steps) {
          nowMs += afterMs;
          const tried = new Set<number>();
          for (;;) {
            const attempt = choice.pick(nowMs, tried);
            if (attempt === undefined) break;
            expect(tried.has(attempt.target)).toBe(false);
            tried.add(attempt.target);
            if (attempt.trial) seen.trials += 1;
            choice[outcome as 'failed'](attempt, nowMs);
            if (outcome !== 'failed' || !retries) break;
          }
          expect(tried.size).toBeGreaterThan(0);
          if (tried.size > 1) seen.retries += 1;
          if (tried.size === 1 && retries && outcome === 'failed' && targets > 1) seen.allOut += 1;
        }
        const found = new Set<number>();
        for (let request = 0; request < targets; request += 1) {
          const attempt = choice.pick(nowMs + 60_000, found)!;
          found.add(attempt.target);
          choice.succeeded(attempt);
        }
        expect(found.size).toBe(targets);
      },
    ),
    { seed, numRuns: 300 },
  );
  expect(Math.min(seen.retries, seen.trials, seen.allOut), JSON.stringify(seen)).toBeGreaterThan(20);
});
