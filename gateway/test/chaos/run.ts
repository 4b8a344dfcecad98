/*
 * npm run chaos [-- --store redis|members] [--seconds N] [--only fault[,fault]] [--on-failure deny|local] [--seed N] [--json FILE]
 * Faults of Redis or of clustered gateways, and of the network, under load, judged by the backend. Ends with 1 when a rule is broken.
 * `--seconds`: how long the load goes on after each fault. The seed decides when faults begin and what garbage is.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { seededRandom } from '../support/random.ts';
import { ChaosCluster } from './cluster.ts';
import { faultNamed, type Fault } from './fault.ts';
import { figuresOf } from './figures.ts';
import type { Ground } from './ground.ts';
import type { OnFailure } from './limits.ts';
import { MembersGround } from './members-ground.ts';
import { membersFaults } from './members-faults.ts';
import { redisFaults } from './redis-faults.ts';
import { RedisGround } from './redis-ground.ts';
import { row, table, type Result } from './report.ts';
import { brokenRules, latenesses } from './rules.ts';
import { runTrial } from './trial.ts';

const { values } = parseArgs({
  options: {
    store: { type: 'string', default: 'redis' },
    seconds: { type: 'string', default: '7' },
    only: { type: 'string' },
    'on-failure': { type: 'string', default: 'deny,local' },
    seed: { type: 'string' },
    json: { type: 'string' },
  },
});
const random = seededRandom(values.seed === undefined ? undefined : Number(values.seed));
const afterMs = Number(values.seconds) * 1000;
const all: Result[] = [];

process.stdout.write(`seed ${random.seed}\n`);
await runOn(values.store);
process.stdout.write(`\n${table(all)}`);
if (values.json !== undefined) {
  writeFileSync(values.json, `${JSON.stringify({ seed: random.seed, results: all }, null, 2)}\n`);
}
process.exitCode = all.some(({ broken, late }) => broken.length + late.length > 0) ? 1 : 0;

function runOn(store: string): Promise<void> {
  if (store === 'redis') return runAll(() => RedisGround.open(random), redisFaults);
  if (store === 'members') return runAll(() => MembersGround.open(random), membersFaults);
  throw new Error(`--store: found "${store}", expected redis or members`);
}

async function runAll<On extends Ground>(
  open: () => Promise<On>,
  faults: readonly Fault<On>[],
): Promise<void> {
  for (const onFailure of onFailureRules(values['on-failure'])) {
    let rest = values.only?.split(',').map((name) => faultNamed(faults, name)) ?? faults;
    while (rest.length > 0) rest = rest.slice(await runOnOneCluster(await open(), onFailure, rest));
  }
}

/** Runs faults one after another until a cluster doesn't recover, so that the next one gets a new cluster. Gives how many it ran. */
async function runOnOneCluster<On extends Ground>(
  ground: On,
  onFailure: OnFailure,
  some: readonly Fault<On>[],
): Promise<number> {
  const cluster = await ChaosCluster.start(ground, onFailure);
  let ran = 0;
  try {
    await cluster.warmUp();
    for (const fault of some) {
      const warmUpMs = 2000 + random.below(1000);
      const trial = await runTrial(cluster, fault, { id: `t${all.length}w`, warmUpMs, afterMs });
      ran += 1;
      const figures = figuresOf(trial, onFailure);
      const broken = brokenRules(figures, trial);
      const result = { ...figures, broken, late: latenesses(figures, trial) };
      all.push(result);
      process.stdout.write(row(result));
      if (trial.course.readyAtMs === undefined) break;
    }
  } finally {
    await cluster.stop();
  }
  return ran;
}

function onFailureRules(text: string): readonly OnFailure[] {
  return text.split(',').map((rule) => {
    if (rule === 'deny' || rule === 'local') return rule;
    throw new Error(`--on-failure: found "${rule}", expected deny or local`);
  });
}
