import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { check, merge, noFindings, shrink, type Findings } from './campaign.ts';
import { loadCore } from './core.ts';
import { plantedBugs } from './planted-bugs.ts';
import type { Catch } from './planting.ts';
import { RedisLedgers } from './redis-ledgers.ts';
import { cut, families, scenarioOf, shapes } from './scenario.ts';
import type { Job } from './worker.ts';

/*
 * `npm run simulate`: random histories of a whole cluster in virtual time, each checked against the invariants of leases.md.
 * Prints what was found; exit 1 when an invariant was broken or a planted bug was missed.
 */

const usage = `npm run simulate -- [options]
  --decisions N   go on until so many decisions were made (default 1000000)
  --seeds N       and so many seeds were run (default 1000)
  --seed S        the first seed (default: drawn)
  --family F      only ${families.join(', ')}
  --lua           keep ledgers by settle.lua in a private Redis, not by settle() in memory
  --jobs N        workers (default: one for each core)
  --planted       hunt for planted bugs instead
  --replay S      run one seed and print what it broke; with --without-faults, --without-demand, --until: a part of it
  --json          print the findings as JSON
`;

const { values: options } = parseArgs({
  options: {
    decisions: { type: 'string', default: '1000000' },
    seeds: { type: 'string', default: '1000' },
    seed: { type: 'string' },
    family: { type: 'string' },
    lua: { type: 'boolean', default: false },
    jobs: { type: 'string', default: String(availableParallelism()) },
    planted: { type: 'boolean', default: false },
    replay: { type: 'string' },
    'without-faults': { type: 'string', default: '' },
    'without-demand': { type: 'string', default: '' },
    until: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const jobs = Number(options.jobs);
const firstSeed = options.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(options.seed);
const family = families.find((name) => name === options.family);
if (options.family !== undefined && family === undefined) throw new Error(`no family ${options.family}`);

if (options.help) process.stdout.write(usage);
else if (options.replay !== undefined) await replay(Number(options.replay));
else if (options.planted) await huntAll();
else await simulate();

async function simulate(): Promise<void> {
  const began = performance.now();
  const findings = noFindings();
  const share = { decisionsMin: Number(options.decisions) / jobs, seedsMin: Number(options.seeds) / jobs };
  await runJobs(
    (first) => ({
      kind: 'seeds',
      firstSeed: firstSeed + first,
      step: jobs,
      lua: options.lua,
      ...share,
      ...(family && { family }),
    }),
    (found) => merge(findings, found as Findings),
  );
  if (options.json) process.stdout.write(`${JSON.stringify({ firstSeed, ...findings })}\n`);
  else print(findings, (performance.now() - began) / 1000);
  for (const { seed } of findings.failures) process.stderr.write(await howToReplay(seed));
  process.exitCode = findings.failures.length > 0 ? 1 : 0;
}

async function huntAll(): Promise<void> {
  const catches: Catch[] = [];
  await runJobs(
    (first) => ({ kind: 'bugs', firstSeed, first, step: jobs }),
    (found) => {
      const one = found as Catch;
      catches.push(one);
      const how = one.seeds === undefined ? 'MISSED' : `after ${one.seeds} seeds, by ${one.violation}`;
      if (!options.json) process.stdout.write(`${one.bug}: ${how}\n`);
    },
  );
  const missed = catches.filter(({ seeds }) => seeds === undefined).length;
  if (options.json) process.stdout.write(`${JSON.stringify({ firstSeed, catches })}\n`);
  else
    process.stdout.write(
      `${catches.length - missed} of ${plantedBugs.length} caught, from seed ${firstSeed}\n`,
    );
  process.exitCode = missed > 0 ? 1 : 0;
}

async function replay(seed: number): Promise<void> {
  const numbers = (list: string): number[] => list.split(',').filter(Boolean).map(Number);
  const cuts = {
    faults: numbers(options['without-faults']),
    demand: numbers(options['without-demand']),
    ...(options.until !== undefined && { durationMs: Number(options.until) }),
  };
  const scenario = cut(scenarioOf(seed, family), cuts);
  process.stdout.write(`${JSON.stringify(scenario, undefined, 2)}\n`);
  const ledgers = options.lua ? await RedisLedgers.start() : undefined;
  const { violations, decisions } = await check(scenario, await loadCore(), ledgers);
  await ledgers?.stop();
  for (const { invariant, what } of violations) process.stdout.write(`${invariant}: ${what}\n`);
  process.stdout.write(`${decisions} decisions, ${violations.length} violations\n`);
  process.exitCode = violations.length > 0 ? 1 : 0;
}

async function howToReplay(seed: number): Promise<string> {
  if (options.lua) return `npm run simulate -- --lua --replay ${seed}\n`;
  const { faults, demand, durationMs } = await shrink(seed, await loadCore(), family);
  const parts = [`npm run simulate -- --replay ${seed}`];
  if (family !== undefined) parts.push(`--family ${family}`);
  if (faults.length > 0) parts.push(`--without-faults ${faults.join(',')}`);
  if (demand.length > 0) parts.push(`--without-demand ${demand.join(',')}`);
  if (durationMs !== undefined) parts.push(`--until ${durationMs}`);
  return `${parts.join(' ')}\n`;
}

/** Gives each worker its job, and each of their messages to `found`. */
async function runJobs(jobOf: (first: number) => Job, found: (message: unknown) => void): Promise<void> {
  const running = Array.from({ length: jobs }, async (_, first) => {
    const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData: jobOf(first) });
    worker.on('message', found);
    await new Promise<void>((resolve, reject) => {
      worker.once('error', reject);
      worker.once('exit', () => resolve());
    });
  });
  await Promise.all(running);
}

function print(findings: Findings, seconds: number): void {
  const { seeds, decisions, admitted, seedsOf, saturation, loss, failures } = findings;
  const line = (text: string): void => {
    process.stdout.write(`${text}\n`);
  };
  const rate = Math.round(decisions / seconds).toLocaleString('en');
  line(
    `${decisions.toLocaleString('en')} decisions (${admitted.toLocaleString('en')} admitted) in ${seconds.toFixed(0)} s, ${rate}/s`,
  );
  line(`${seeds} seeds from ${firstSeed}: ${families.map((name) => `${name} ${seedsOf[name]}`).join(', ')}`);
  for (const shape of shapes) {
    const { windows, units, admitted: spent } = saturation[shape];
    if (units > 0)
      line(`I3 ${shape}: ${((100 * spent) / units).toFixed(3)} % of ${units} units in ${windows} windows`);
  }
  const { over, bound } = loss.furthest;
  line(
    `I2: ${loss.exceeded} of ${loss.windows} windows with a loss went over, at most by ${over} units (bound ${bound})`,
  );
  for (const { seed, violations } of failures) {
    for (const { invariant, what } of violations) line(`seed ${seed}: ${invariant}: ${what}`);
  }
  line(failures.length === 0 ? 'no invariant was broken' : `${failures.length} seeds broke an invariant`);
}
