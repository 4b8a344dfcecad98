import type { OnStoreFailure } from '../../../src/policy/levels.ts';
import { runMembers, windowsOf, type MemberCore } from './run.ts';
import { drawScenario, type Kind } from './scenario.ts';

/** What some seeds of one kind showed. */
export interface Tally {
  readonly kind: Kind;
  readonly seeds: number;
  decisions: number;
  admitted: number;
  /** Answered neither way, because no owner could be asked. */
  undecided: number;
  /** Units beyond limits, summed, and the most in one window as a part of its limit. */
  over: number;
  overPartMax: number;
  /** Units that calm, saturated windows had left. */
  missed: number;
  saturated: number;
  readonly broken: string[];
}

const deadlineMs = 50;

/** Runs seeds of one kind; `deny` allows no unit over a limit, and calm windows none below it while anybody is refused. */
export async function runSeeds(
  how: {
    readonly kind: Kind;
    readonly firstSeed: number;
    readonly seeds: number;
    readonly onFailure: OnStoreFailure;
  },
  core: MemberCore,
  enough: (tally: Tally) => boolean = () => false,
): Promise<Tally> {
  const { kind, firstSeed, seeds, onFailure } = how;
  const tally = {
    kind,
    seeds,
    decisions: 0,
    admitted: 0,
    undecided: 0,
    over: 0,
    overPartMax: 0,
    missed: 0,
    saturated: 0,
  };
  const told: Tally = { ...tally, broken: [] };
  for (let seed = firstSeed; seed < firstSeed + seeds && !enough(told); seed += 1) {
    const scenario = drawScenario(seed, kind, onFailure);
    const decisions = await runMembers(scenario, core);
    told.decisions += decisions.length;
    told.admitted += decisions.filter(({ admitted }) => admitted).length;
    told.undecided += decisions.filter(({ unavailable }) => unavailable).length;
    for (const { counter, startMs, endMs, admitted, refused } of windowsOf(scenario, decisions)) {
      const { quota } = scenario.limits[counter]!;
      const over = Math.max(0, admitted - quota);
      told.over += over;
      told.overPartMax = Math.max(told.overPartMax, over / quota);
      if (over > 0 && onFailure === 'deny')
        told.broken.push(`seed ${seed}: I1: ${admitted} of ${quota} from ${startMs} ms`);
      const isWhole = startMs >= 500 && endMs <= scenario.durationMs - 500;
      if (kind !== 'calm' || !isWhole || refused === 0) continue;
      told.saturated += quota;
      told.missed += Math.max(0, quota - admitted);
    }
    const isPaused = kind === 'freeze' || kind === 'storm' || kind === 'leave';
    const waitMs = isPaused ? 0 : Math.max(0, ...decisions.map(({ askedMs, atMs }) => atMs - askedMs));
    if (waitMs > deadlineMs) told.broken.push(`seed ${seed}: I5: a request waited ${waitMs} ms`);
  }
  return told;
}
