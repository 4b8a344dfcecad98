import { Cluster, type Witness } from './cluster.ts';
import type { Core } from './core.ts';
import { scheduleFaults } from './faults.ts';
import type { Demand, Scenario } from './scenario.ts';
import { MapLedgers, type Ledgers } from './server.ts';
import type { Price, SimGateway } from './sim-gateway.ts';

/** Runs a scenario; what happens is told to the witness. */
export async function run(
  scenario: Scenario,
  parts: { readonly core: Core; readonly witness: Witness; readonly ledgers?: Ledgers },
): Promise<void> {
  const { core, witness, ledgers = new MapLedgers(core) } = parts;
  const cluster = new Cluster(scenario, { core, witness, ledgers });
  for (const demand of scenario.demand) ask(cluster, demand);
  scheduleFaults(cluster);
  await cluster.world.runUntil(scenario.durationMs + scenario.windDownMs);
  await cluster.end();
}

function ask(cluster: Cluster, demand: Demand): void {
  const { world, random, scenario } = cluster;
  const untilMs = Math.min(demand.untilMs, scenario.durationMs);
  const turn = (): void => {
    const gateway = cluster.gateways[demand.gateway];
    const requests = gateway === undefined ? 0 : demand.perTurn;
    for (let asked = 0; asked < requests; asked += 1) decide(cluster, gateway!, drawPrices(cluster, demand));
    const nextMs = world.nowMs + 1 + random.below(2 * demand.everyMs - 1);
    if (nextMs < untilMs) world.at(nextMs, turn);
  };
  if (demand.fromMs < untilMs) world.at(demand.fromMs, turn);
}

function drawPrices({ random }: Cluster, { counters, costMax }: Demand): readonly Price[] {
  const chosen = counters.filter(() => random.chance(0.7));
  const named = chosen.length > 0 ? chosen : counters.slice(0, 1);
  return named.map((counter) => ({ counter, cost: 1 + random.below(costMax) }));
}

function decide(cluster: Cluster, gateway: SimGateway, charges: readonly Price[]): void {
  const askedAtMs = cluster.world.nowMs;
  const verdict = gateway.admit(charges);
  const decided = (late: Awaited<typeof verdict>): void => {
    const { admitted, certain } = late;
    const storeMs = cluster.server.nowMs;
    const outcome = late.admitted
      ? { admitted, certain }
      : {
          admitted,
          certain,
          refusedBy: gateway.counterOf(late.refused.charge),
          unavailable: late.because === 'store-unavailable',
        };
    cluster.tell({ is: 'decision', askedAtMs, storeMs, gateway: gateway.number, charges, ...outcome });
    if (admitted && cluster.scenario.owes && cluster.random.chance(0.1)) oweLater(cluster, gateway, charges);
  };
  if (verdict instanceof Promise) void verdict.then(decided);
  else decided(verdict);
}

/** A cost that became known only with the response. */
function oweLater(cluster: Cluster, gateway: SimGateway, charges: readonly Price[]): void {
  const counter = charges[0]?.counter ?? 0;
  const units = 1 + cluster.random.below(20);
  gateway.charge({ counter, cost: units });
  cluster.tell({ is: 'owed', storeMs: cluster.server.nowMs, gateway: gateway.number, counter, units });
}
