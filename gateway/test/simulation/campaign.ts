import { Checker, type Violation } from './checker.ts';
import type { LossFigures } from './checks/loss.ts';
import type { Saturation } from './checks/saturation.ts';
import type { Core } from './core.ts';
import { run } from './run.ts';
import {
  cut,
  families,
  scenarioOf,
  shapes,
  type Cuts,
  type Family,
  type Scenario,
  type Shape,
} from './scenario.ts';
import type { Ledgers } from './server.ts';

/** What many seeds showed. */
export interface Findings {
  seeds: number;
  decisions: number;
  admitted: number;
  readonly seedsOf: Record<Family, number>;
  readonly saturation: Record<Shape, Saturation>;
  readonly loss: LossFigures;
  /** Seeds that broke an invariant, the first few. */
  readonly failures: { readonly seed: number; readonly violations: readonly Violation[] }[];
}

export interface Campaign {
  readonly core: Core;
  readonly firstSeed: number;
  /** Every n-th seed, so that several workers share them. */
  readonly step: number;
  readonly family?: Family;
  /** Where the store keeps its ledgers, in place of memory. */
  readonly ledgers?: Ledgers;
  /** Goes on until both are reached; ends with the first failures. */
  readonly decisionsMin: number;
  readonly seedsMin: number;
  readonly failuresMax: number;
}

export async function runCampaign(campaign: Campaign): Promise<Findings> {
  const findings = noFindings();
  let seed = campaign.firstSeed;
  const isEnough = (): boolean =>
    findings.decisions >= campaign.decisionsMin && findings.seeds >= campaign.seedsMin;
  while (!isEnough() && findings.failures.length < campaign.failuresMax) {
    const scenario = scenarioOf(seed, campaign.family);
    seed += campaign.step;
    const beganMs = performance.now();
    await campaign.ledgers?.restore();
    const checker = await check(scenario, campaign.core, campaign.ledgers);
    const isTooSlow = performance.now() - beganMs > scenario.durationMs;
    if (campaign.ledgers === undefined || !isTooSlow) merge(findings, summaryOf(scenario, checker));
  }
  return findings;
}

/** Runs one scenario to its end. An error is a violation too: of I5, as somebody waits for ever. */
export async function check(scenario: Scenario, core: Core, ledgers?: Ledgers): Promise<Checker> {
  const checker = new Checker(scenario);
  const failed = (error: unknown): void => {
    checker.violations.push({
      invariant: 'I5',
      what: error instanceof Error ? error.message : String(error),
    });
  };
  process.on('unhandledRejection', failed);
  try {
    await run(scenario, { core, witness: checker, ...(ledgers !== undefined && { ledgers }) });
  } catch (error) {
    failed(error);
  } finally {
    process.off('unhandledRejection', failed);
  }
  return checker;
}

/** The smallest scenario found that still fails: without the faults and the demand that don't matter, and as short as can be. */
export async function shrink(seed: number, core: Core, family?: Family): Promise<Cuts> {
  const whole = scenarioOf(seed, family);
  const fails = async (cuts: Cuts): Promise<boolean> => {
    return (await check(cut(whole, cuts), core)).violations.length > 0;
  };
  let cuts: Cuts = { faults: [], demand: [] };
  for (const index of whole.faults.keys()) {
    const fewer = { ...cuts, faults: [...cuts.faults, index] };
    if (await fails(fewer)) cuts = fewer;
  }
  for (const index of whole.demand.keys()) {
    const fewer = { ...cuts, demand: [...cuts.demand, index] };
    if (await fails(fewer)) cuts = fewer;
  }
  for (let durationMs = whole.durationMs; durationMs > 50; durationMs = Math.floor(durationMs * 0.8)) {
    if (!(await fails({ ...cuts, durationMs }))) break;
    cuts = { ...cuts, durationMs };
  }
  return cuts;
}

export function noFindings(): Findings {
  return {
    seeds: 0,
    decisions: 0,
    admitted: 0,
    seedsOf: zeroFor(families, () => 0),
    saturation: zeroFor(shapes, () => ({ windows: 0, units: 0, admitted: 0 })),
    loss: { windows: 0, exceeded: 0, furthest: { over: 0, bound: 0 } },
    failures: [],
  };
}

export function merge(into: Findings, more: Findings): void {
  into.seeds += more.seeds;
  into.decisions += more.decisions;
  into.admitted += more.admitted;
  for (const family of families) into.seedsOf[family] += more.seedsOf[family];
  for (const shape of shapes) {
    into.saturation[shape].windows += more.saturation[shape].windows;
    into.saturation[shape].units += more.saturation[shape].units;
    into.saturation[shape].admitted += more.saturation[shape].admitted;
  }
  into.loss.windows += more.loss.windows;
  into.loss.exceeded += more.loss.exceeded;
  if (more.loss.furthest.over > into.loss.furthest.over) into.loss.furthest = more.loss.furthest;
  into.failures.push(...more.failures);
}

function summaryOf(scenario: Scenario, checker: Checker): Findings {
  const findings = noFindings();
  findings.seeds = 1;
  findings.decisions = checker.decisions;
  findings.admitted = checker.admitted;
  findings.seedsOf[scenario.family] = 1;
  if (checker.saturation !== undefined) findings.saturation[scenario.shape] = checker.saturation;
  const loss = checker.loss ?? findings.loss;
  const { seed } = scenario;
  const { violations } = checker;
  const failures = violations.length > 0 ? [{ seed, violations: violations.slice(0, 3) }] : [];
  return { ...findings, loss, failures };
}

function zeroFor<Name extends string, Value>(names: readonly Name[], zero: () => Value): Record<Name, Value> {
  return Object.fromEntries(names.map((name) => [name, zero()])) as Record<Name, Value>;
}
