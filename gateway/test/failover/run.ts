/*
 * npm run failover [-- --on sentinel,cluster] [--trials N] [--only fault[,fault]] [--durability primary,replica]
 *   [--on-failure deny,local] [--json FILE]
 * Failovers of Redis under load, judged by the backend. Ends with 1 when a rule is broken.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { OnFailure } from '../chaos/limits.ts';
import { GatewayCluster } from './gateway-cluster.ts';
import {
  clusterFaults,
  type Durability,
  type FailoverFault,
  type FailoverSetup,
  sentinelFaults,
  startClusterSetup,
  startSentinelSetup,
} from './topologies.ts';
import { runTrial, type TrialResult } from './trial.ts';

const { values } = parseArgs({
  options: {
    on: { type: 'string', default: 'sentinel,cluster' },
    trials: { type: 'string', default: '20' },
    only: { type: 'string' },
    durability: { type: 'string', default: 'replica,primary' },
    'on-failure': { type: 'string', default: 'deny' },
    json: { type: 'string' },
  },
});
const topologies: Readonly<
  Record<string, { readonly start: () => Promise<FailoverSetup>; readonly faults: readonly FailoverFault[] }>
> = {
  sentinel: { start: startSentinelSetup, faults: sentinelFaults },
  cluster: { start: startClusterSetup, faults: clusterFaults },
};
const faultMs = 4000;
const afterMs = 2500;
const all: (TrialResult & { readonly topology: string })[] = [];

for (const topology of values.on.split(',')) {
  const { start, faults } = topologies[topology] ?? refuse(`--on: found "${topology}"`);
  for (const durability of values.durability.split(',') as Durability[]) {
    for (const onFailure of values['on-failure'].split(',') as OnFailure[]) {
      const chosen = faults.filter(
        (fault) => values.only === undefined || values.only.split(',').includes(fault),
      );
      await runAll(topology, start, { durability, onFailure }, chosen);
    }
  }
}
process.stdout.write(`\n${summary()}`);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(all, null, 2)}\n`);
process.exitCode = all.some(({ broken }) => broken.length > 0) ? 1 : 0;

async function runAll(
  topology: string,
  start: () => Promise<FailoverSetup>,
  terms: { readonly durability: Durability; readonly onFailure: OnFailure },
  faults: readonly FailoverFault[],
): Promise<void> {
  const setup = await start();
  try {
    const cluster = await GatewayCluster.start(setup.deployment(terms.onFailure, terms.durability));
    try {
      for (const fault of faults) {
        for (let trial = 0; trial < Number(values.trials); trial += 1) {
          const id = `t${all.length}`;
          const result = await runTrial(setup, cluster, { ...terms, fault, faultMs, afterMs, id });
          all.push({ topology, ...result });
          process.stdout.write(row(topology, result));
        }
      }
    } finally {
      await cluster.stop();
    }
  } finally {
    await setup.stop();
  }
}

function row(topology: string, result: TrialResult): string {
  const { durability, onFailure, fault, decisions, over, lossBound, admittedMeanwhile, undecided, broken } =
    result;
  const { waitP999Ms, waitMaxMs, machineLagMs, readyMs = 'never' } = result;
  const verdict = broken.length === 0 ? 'holds' : `BROKEN: ${broken.join('; ')}`;
  return `${topology} ${durability} ${onFailure} ${fault}: ${decisions} decisions, ${over} over (I2 allows ${lossBound}), ${admittedMeanwhile} admitted meanwhile, ${undecided} undecided, waits p99.9 ${waitP999Ms} ms, longest ${waitMaxMs} ms (machine ${machineLagMs} ms), ready after ${readyMs} ms, ${verdict}\n`;
}

/** One line for each fault: how many, and what was over in all. */
function summary(): string {
  const groups = Map.groupBy(all, (one) => `${one.topology} ${one.durability} ${one.onFailure} ${one.fault}`);
  return [...groups]
    .map(([name, results]) => {
      const sum = (of: (result: TrialResult) => number): number =>
        results.reduce((total, one) => total + of(one), 0);
      const longest = Math.max(...results.map(({ readyMs = Infinity }) => readyMs));
      const waits = Math.max(...results.map(({ waitP999Ms }) => waitP999Ms));
      return `${name}: ${results.length} trials, ${sum(({ decisions }) => decisions)} decisions, ${sum(({ over }) => over)} over in all (I2 allows ${sum(({ lossBound }) => lossBound)}), p99.9 of waits at most ${waits} ms, ready after at most ${longest} ms, ${sum(({ broken }) => broken.length)} rules broken\n`;
    })
    .join('');
}

function refuse(what: string): never {
  throw new Error(what);
}
