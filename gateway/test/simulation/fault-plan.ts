import type { Limit } from '../../src/limits/limit.ts';
import type { Random } from '../support/random.ts';
import type { Family } from './scenario.ts';

/** Something that goes wrong in a run, in ms from its start. */
export type Fault =
  | { readonly kind: 'freeze'; readonly atMs: number; readonly forMs: number }
  | { readonly kind: 'flush'; readonly atMs: number }
  | { readonly kind: 'rollback'; readonly atMs: number; readonly lagMs: number }
  | { readonly kind: 'jump'; readonly atMs: number; readonly byMs: number }
  | { readonly kind: 'wall-jump'; readonly atMs: number; readonly gateway: number; readonly byMs: number }
  | {
      readonly kind: 'cut-off';
      readonly atMs: number;
      readonly forMs: number;
      readonly gateway: number;
      readonly silent: boolean;
    }
  | {
      readonly kind: 'kill' | 'leave';
      readonly atMs: number;
      readonly gateway: number;
      readonly backInMs: number;
    }
  | { readonly kind: 'limit'; readonly atMs: number; readonly counter: number; readonly quota: number };

/** What demand and faults are drawn for. */
export interface Frame {
  readonly family: Family;
  readonly gateways: number;
  readonly durationMs: number;
  readonly counters: readonly Limit[];
  readonly together: boolean;
}

export function drawFaults(random: Random, frame: Frame): readonly Fault[] {
  if (frame.family === 'calm') return [];
  if (frame.together) {
    const atMs = 200 + random.below(frame.durationMs / 2);
    const forMs = random.pick([600, 900, 1200]);
    const freeze: Fault = { kind: 'freeze', atMs, forMs };
    // It may come back as a new process that knows nothing.
    return random.chance(0.5) ? [freeze, { kind: 'flush', atMs: atMs + forMs }] : [freeze];
  }
  const faults: Fault[] = [];
  const times = 1 + random.below(4);
  for (let fault = 0; fault < times; fault += 1) faults.push(drawFault(random, frame));
  if (frame.family === 'jumps') faults.push(drawJump(random, frame.durationMs));
  if (frame.family === 'amnesia') faults.push(drawLoss(random, frame.durationMs));
  return faults;
}

function drawFault(random: Random, { family, gateways, durationMs, counters }: Frame): Fault {
  const atMs = random.below(durationMs);
  const gateway = random.below(gateways);
  switch (random.pick(['freeze', 'wall-jump', 'cut-off', 'kill', 'leave', 'limit'])) {
    case 'freeze':
      return { kind: 'freeze', atMs, forMs: random.pick([20, 60, 150, 300, 1200]) };
    case 'wall-jump':
      return { kind: 'wall-jump', atMs, gateway, byMs: random.pick([-3_600_000, -700, 40, 700, 3_600_000]) };
    case 'cut-off': {
      return {
        kind: 'cut-off',
        atMs,
        forMs: random.pick([30, 120, 500, 1500]),
        gateway,
        silent: random.chance(0.5),
      };
    }
    case 'kill':
      return { kind: 'kill', atMs, gateway, backInMs: random.below(800) };
    case 'leave':
      return { kind: 'leave', atMs, gateway, backInMs: random.below(800) };
    default: {
      if (family === 'alone') return { kind: 'freeze', atMs, forMs: 800 };
      const counter = random.below(counters.length);
      return { kind: 'limit', atMs, counter, quota: random.pick([1, 5, 20, 60, 150, 600]) };
    }
  }
}

function drawLoss(random: Random, durationMs: number): Fault {
  const atMs = random.below(durationMs);
  if (random.chance(0.5)) return { kind: 'flush', atMs };
  return { kind: 'rollback', atMs, lagMs: random.pick([5, 50, 400, 3000]) };
}

function drawJump(random: Random, durationMs: number): Fault {
  const byMs = random.pick([-3_600_000, -900, -120, -7, 7, 120, 900, 3_600_000]);
  return { kind: 'jump', atMs: random.below(durationMs), byMs };
}
