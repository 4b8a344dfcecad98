import { afterEach, describe, expect, test } from 'vitest';
import { GatewayCluster } from '../failover/gateway-cluster.ts';
import {
  type Durability,
  type FailoverFault,
  type FailoverSetup,
  startClusterSetup,
  startSentinelSetup,
} from '../failover/topologies.ts';
import { runTrial, type TrialResult } from '../failover/trial.ts';
import { redisMissing } from '../support/redis-server.ts';

/** The short form of `npm run failover`: counts and invariants; how long things take is told, not judged. */
describe.skipIf(redisMissing)(
  'three gateways under load whose Redis fails over, judged by their backend',
  () => {
    const closers: (() => Promise<void>)[] = [];
    afterEach(async () => {
      for (const close of closers.splice(0).toReversed()) await close();
    });

    const run = async (
      start: () => Promise<FailoverSetup>,
      durability: Durability,
      faults: readonly FailoverFault[],
    ): Promise<readonly TrialResult[]> => {
      const setup = await start();
      closers.push(() => setup.stop());
      const cluster = await GatewayCluster.start(setup.deployment('deny', durability));
      closers.push(() => cluster.stop());
      const results: TrialResult[] = [];
      for (const fault of faults) {
        const terms = { onFailure: 'deny', durability, fault, faultMs: 4000, afterMs: 1500 } as const;
        const result = await runTrial(setup, cluster, { ...terms, id: fault });
        process.stdout.write(
          `  ${fault}, durability ${durability}: ${result.decisions} decisions, ${result.over} over, ready after ${result.readyMs} ms, waits up to ${result.waitMaxMs} ms\n`,
        );
        results.push(result);
      }
      return results;
    };

    test('sentinels: a killed and a frozen primary admit no unit too many when a replica has every claim', async () => {
      for (const { over, broken, undecided, admitted } of await run(startSentinelSetup, 'replica', [
        'kill',
        'freeze',
      ])) {
        expect(broken).toEqual([]);
        expect(over).toBe(0);
        expect(undecided).toBeGreaterThan(0);
        expect(admitted).toBeGreaterThan(0);
      }
    }, 120_000);

    test('a cluster: a killed primary and slots that move admit no more than was granted before all had restated', async () => {
      for (const { over, broken, lossBound } of await run(startClusterSetup, 'primary', [
        'kill',
        'reshard',
      ])) {
        expect(broken).toEqual([]);
        expect(over).toBeLessThanOrEqual(lossBound);
      }
    }, 120_000);
  },
);
