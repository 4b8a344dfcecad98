import { forkPinned, stop } from '../pinned.ts';
import { installMissing, isThere } from './debian.ts';
import { loadCore, loads } from './load.ts';
import { measure, type Result, type Running } from './measure.ts';
import { report } from './report.ts';
import { openWorld, script, type Variant, type World } from './variant.ts';
import { variants } from './variants.ts';

export interface ProxyBench {
  readonly rounds: number;
  readonly durationMs: number;
  /** Part of the names of the loads to run. */
  readonly named: string;
  /** Keys of the variants to run; none for all. */
  readonly only: readonly string[];
}

/** All proxies under all loads. Gives the tables in Markdown and the results they were made of. */
export async function benchProxy(
  asked: ProxyBench,
): Promise<{ readonly text: string; readonly results: readonly Result[] }> {
  const { rounds, durationMs, named, only } = asked;
  const wantedLoads = loads.filter(({ name }) => name.includes(named));
  if (wantedLoads.length === 0)
    throw new Error(`no load is named ${named}: ${loads.map(({ name }) => name).join(', ')}`);
  const { wanted, skipped } = choose(only);
  const world = await openWorld();
  const openLoop = forkPinned(script('open-loop.ts'), [], loadCore);
  const running: Running[] = [];
  try {
    for (const variant of wanted) running.push({ variant, server: await variant.start(world) });
    const results: Result[] = [];
    for (const load of wantedLoads) {
      const warmUpPart = results.length === 0 ? 1 : 1 / 3;
      results.push(await measure(load, running, { rounds, durationMs, warmUpPart, openLoop, progress }));
    }
    return { text: report(results, { rounds, durationMs, skipped }), results };
  } finally {
    await closeAll(running, world);
    await stop(openLoop);
  }
}

/** What this machine can run of what is asked; the rest as lines that say why not. */
function choose(only: readonly string[]): {
  readonly wanted: readonly Variant[];
  readonly skipped: readonly string[];
} {
  const keys: readonly string[] = variants.map(({ key }) => key);
  const unknown = only.filter((key) => !keys.includes(key));
  if (unknown.length > 0) throw new Error(`no proxy ${unknown.join(', ')}; there are ${keys.join(', ')}`);
  const asked = variants.filter(({ key }) => only.length === 0 || only.includes(key));
  installMissing(['wrk', ...asked.flatMap(({ needs }) => needs)]);
  if (!isThere('wrk')) throw new Error('there is no wrk here: apt-get install wrk');
  const missing = (variant: Variant): readonly string[] => variant.needs.filter((need) => !isThere(need));
  const skipped = asked
    .filter((variant) => missing(variant).length > 0)
    .map((variant) => `SKIPPED, ${variant.name}: there is no ${missing(variant).join(', no ')} here`);
  for (const line of skipped) progress(line);
  return { wanted: asked.filter((variant) => missing(variant).length === 0), skipped };
}

async function closeAll(running: readonly Running[], world: World): Promise<void> {
  await Promise.all(running.map(({ server }) => server.close()));
  await world.close();
}

function progress(line: string): void {
  process.stderr.write(`proxy: ${line}\n`);
}
