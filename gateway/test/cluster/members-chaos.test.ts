import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ChaosCluster } from '../chaos/cluster.ts';
import { faultNamed, inTurn } from '../chaos/fault.ts';
import { figuresOf } from '../chaos/figures.ts';
import { membersFaults } from '../chaos/members-faults.ts';
import { MembersGround } from '../chaos/members-ground.ts';
import { brokenRules } from '../chaos/rules.ts';
import { runTrial } from '../chaos/trial.ts';
import { seededRandom } from '../support/random.ts';

/** The short form of `npm run chaos -- --store members`: counts and invariants; how long things take is told by the full one. */
describe('three clustered gateways under load, judged by their backend', () => {
  const random = seededRandom();
  let cluster: ChaosCluster<MembersGround>;

  beforeAll(async () => {
    cluster = await ChaosCluster.start(await MembersGround.open(random), 'deny');
  });
  afterAll(() => cluster?.stop());

  test('no fault of one member, of its links or its clock admits one unit too many', async () => {
    const names = ['hold-one', 'one-way', 'garbage', 'first-clock-ahead', 'stop-300', 'kill'];
    const fault = inTurn(names.map((name) => faultNamed(membersFaults, name)));
    const trial = await runTrial(cluster, fault, { id: 'short', warmUpMs: 500, afterMs: 1200 });
    const figures = figuresOf(trial, 'deny');
    expect(brokenRules(figures, trial), `seed ${random.seed}`).toEqual([]);
    expect(figures.over).toBe(0);
    expect(figures.undecided).toBeGreaterThan(0);
    expect(figures.unanswered).toBeGreaterThan(0);
    expect(cluster.ground.disturbed).toBeGreaterThan(0);
  });
});
