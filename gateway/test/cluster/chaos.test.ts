import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ChaosCluster } from '../chaos/cluster.ts';
import { faultNamed, inTurn, type Fault } from '../chaos/fault.ts';
import { figuresOf, type Figures } from '../chaos/figures.ts';
import { brokenRules } from '../chaos/rules.ts';
import { redisFaults } from '../chaos/redis-faults.ts';
import { RedisGround } from '../chaos/redis-ground.ts';
import { runTrial } from '../chaos/trial.ts';
import { seededRandom } from '../support/random.ts';
import { redisMissing } from '../support/redis-server.ts';

/** The short form of `npm run chaos`: counts and invariants; how long things take is told by the full one. */
describe.skipIf(redisMissing)('three gateways under load, judged by their backend', () => {
  const random = seededRandom();
  let cluster: ChaosCluster<RedisGround>;

  beforeAll(async () => {
    cluster = await ChaosCluster.start(await RedisGround.open(random), 'deny');
  });
  afterAll(() => cluster?.stop());

  const run = async (fault: Fault<RedisGround>): Promise<Figures> => {
    const trial = await runTrial(cluster, fault, { id: 'short', warmUpMs: 500, afterMs: 1500 });
    const figures = figuresOf(trial, 'deny');
    expect(brokenRules(figures, trial), `seed ${random.seed}`).toEqual([]);
    return figures;
  };

  test('no fault that keeps the data admits one unit too many', async () => {
    const names = ['freeze-180', 'script-flush', 'cut', 'garbage', 'out-of-memory', 'gateway-kill'];
    const figures = await run(inTurn(names.map((name) => faultNamed(redisFaults, name))));
    expect(figures.over).toBe(0);
    expect(figures.undecided).toBeGreaterThan(0);
    expect(figures.unanswered).toBeGreaterThan(0);
  });

  test('data loss costs no more than was granted before everybody had restated', async () => {
    const figures = await run(faultNamed(redisFaults, 'flushall'));
    expect(figures.over).toBeLessThanOrEqual(figures.lossBound);
  });
});
