import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runCampaign } from './campaign.ts';
import { loadCore, shipped, type Core } from './core.ts';
import type { PlantedBug } from './planted-bugs.ts';

/** How a planted bug was found, if it was. */
export interface Catch {
  readonly bug: string;
  /** How many seeds it took; absent when all of them passed. */
  readonly seeds?: number;
  readonly seed?: number;
  readonly violation?: string;
}

const seedsMax = 5000;

/** Plants a bug in a copy of the shipped core and lets seeds run until the checker sees it. */
export async function hunt(bug: PlantedBug, firstSeed: number): Promise<Catch> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-planted-'));
  try {
    const core = await plant(bug, folder);
    const { family } = bug;
    const bounds = { decisionsMin: 0, seedsMin: seedsMax, failuresMax: 1 };
    const seeds = { core, firstSeed, step: 1, ...bounds, ...(family !== undefined && { family }) };
    const findings = await runCampaign(seeds);
    const [failure] = findings.failures;
    if (failure === undefined) return { bug: bug.name };
    const [violation] = failure.violations;
    const { seed } = failure;
    return {
      bug: bug.name,
      seeds: findings.seeds,
      seed,
      violation: `${violation?.invariant}: ${violation?.what}`,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function plant(bug: PlantedBug, folder: string): Promise<Core> {
  for (const floor of ['limits', 'policy', 'limiter']) {
    cpSync(fileURLToPath(new URL(floor, shipped)), join(folder, floor), { recursive: true });
  }
  const path = join(folder, bug.file);
  const source = readFileSync(path, 'utf8');
  const parts = source.split(bug.find);
  if (parts.length !== 2)
    throw new Error(`«${bug.name}»: its place stands ${parts.length - 1} times in ${bug.file}`);
  writeFileSync(path, parts.join(bug.plant));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  return loadCore(pathToFileURL(`${folder}/`));
}
