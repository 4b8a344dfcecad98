import { parentPort, workerData } from 'node:worker_threads';
import { runCampaign } from './campaign.ts';
import { loadCore } from './core.ts';
import { plantedBugs } from './planted-bugs.ts';
import { hunt } from './planting.ts';
import { RedisLedgers } from './redis-ledgers.ts';
import type { Family } from './scenario.ts';

/** One worker's part of a campaign over seeds, or of a hunt for planted bugs. */
export type Job =
  | {
      readonly kind: 'seeds';
      readonly firstSeed: number;
      readonly step: number;
      readonly decisionsMin: number;
      readonly seedsMin: number;
      readonly family?: Family;
      /** Whether ledgers are kept by the shipped Lua in a Redis of the worker's own, not by the shipped settle() in memory. */
      readonly lua: boolean;
    }
  | { readonly kind: 'bugs'; readonly firstSeed: number; readonly first: number; readonly step: number };

const failuresMax = 3;

const job = workerData as Job;
if (job.kind === 'seeds') {
  const { kind: _, lua, ...seeds } = job;
  const ledgers = lua ? await RedisLedgers.start() : undefined;
  const campaign = {
    ...seeds,
    core: await loadCore(),
    failuresMax,
    ...(ledgers !== undefined && { ledgers }),
  };
  parentPort?.postMessage(await runCampaign(campaign), []);
  await ledgers?.stop();
} else {
  for (let index = job.first; index < plantedBugs.length; index += job.step) {
    parentPort?.postMessage(await hunt(plantedBugs[index]!, job.firstSeed), []);
  }
}
