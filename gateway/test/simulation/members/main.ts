import { parseArgs } from 'node:util';
import { runSeeds } from './campaign.ts';
import { huntMemberBugs } from './planted.ts';
import { loadMemberCore } from './run.ts';
import { kinds } from './scenario.ts';

/*
 * `npm run simulate:members [-- options]`: random histories of clustered gateways in virtual time: the shipped limiter and cluster
 * store on a network that delays, stalls and breaks connections. Exit 1 when an invariant was broken or a planted bug was missed.
 *   --seeds N     of each kind (default 100)    --seed S    the first (default: drawn)    --kind K    only this kind
 *   --on-failure deny|local (default deny)      --planted   hunt for planted bugs instead
 */

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    seed: { type: 'string' },
    kind: { type: 'string' },
    'on-failure': { type: 'string', default: 'deny' },
    planted: { type: 'boolean', default: false },
  },
});
const firstSeed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
const onFailure = values['on-failure'];
if (onFailure !== 'deny' && onFailure !== 'local') throw new Error(`--on-failure: ${onFailure}`);

process.exitCode = (values.planted ? await huntMemberBugs(firstSeed) : await simulate(onFailure)) ? 0 : 1;

async function simulate(rule: 'deny' | 'local'): Promise<boolean> {
  const core = await loadMemberCore();
  let isSound = true;
  for (const kind of kinds.filter((one) => values.kind === undefined || one === values.kind)) {
    const tally = await runSeeds({ kind, firstSeed, seeds: Number(values.seeds), onFailure: rule }, core);
    const { seeds, decisions, admitted, undecided, over, saturated, spent, broken } = tally;
    const part = saturated === 0 ? '' : `, I3 ${((100 * spent) / saturated).toFixed(3)} % of ${saturated}`;
    process.stdout.write(
      `${kind}: ${seeds} seeds from ${firstSeed}, ${decisions} decisions, ${admitted} admitted, ${undecided} undecided, ` +
        `${over} over${part}\n`,
    );
    for (const line of broken.slice(0, 20)) process.stdout.write(`  ${line}\n`);
    isSound &&= broken.length === 0;
  }
  return isSound;
}
