import type { OnStoreFailure } from '../../../src/policy/levels.ts';
import { judge } from './judge.ts';
import { runMembers, type MemberCore } from './run.ts';
import { drawScenario, type Kind } from './scenario.ts';

/** What some seeds of one kind showed. */
export interface Tally {
  readonly kind: Kind;
  seeds: number;
  decisions: number;
  admitted: number;
  /** Answered neither way, because no owner could be asked. */
  undecided: number;
  /** Units beyond limits. */
  over: number;
  /** Units of calm, saturated windows, and how many of them were admitted. */
  saturated: number;
  spent: number;
  readonly broken: string[];
}

/** Runs seeds of one kind. */
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
  const figures = { seeds: 0, decisions: 0, admitted: 0, undecided: 0, over: 0, saturated: 0, spent: 0 };
  const tally: Tally = { kind, ...figures, broken: [] };
  for (let seed = firstSeed; seed < firstSeed + seeds && !enough(tally); seed += 1) {
    const scenario = drawScenario(seed, kind, onFailure);
    const history = await runMembers(scenario, core);
    const { broken, over, saturation } = judge(scenario, history);
    tally.seeds += 1;
    for (const event of history.events) {
      if (event.is !== 'decision') continue;
      tally.decisions += 1;
      if (event.admitted) tally.admitted += 1;
      if (event.unavailable === true) tally.undecided += 1;
    }
    tally.over += over;
    tally.saturated += saturation?.units ?? 0;
    tally.spent += saturation?.admitted ?? 0;
    tally.broken.push(...broken.slice(0, 3).map((what) => `seed ${seed}: ${what}`));
  }
  return tally;
}
