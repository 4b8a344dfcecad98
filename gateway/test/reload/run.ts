/*
 * npm run reloads [-- --reloads 1000] [--threads 1,2]
 * Gateways on one Redis, one for each number of threads, whose files change again and again under load. Ends with 1 when a request
 * failed, an answer mixed two versions, or a counter lost or gained a unit.
 */
import { parseArgs } from 'node:util';
import { percentile } from '../support/load.ts';
import { brokenRules } from './rules.ts';
import { runTrial } from './trial.ts';

const { values } = parseArgs({
  options: { reloads: { type: 'string', default: '1000' }, threads: { type: 'string', default: '1,2' } },
});
const result = await runTrial({
  reloads: Number(values.reloads),
  threads: values.threads.split(',').map(Number),
});
const { reloadMs, ...figures } = result;
const [median, most] = [0.5, 1].map((part) => Math.round(percentile(reloadMs, part)));
process.stdout.write(
  `${JSON.stringify({ ...figures, reloadMs: { count: reloadMs.length, median, most } }, null, 2)}\n`,
);
const broken = brokenRules(result);
process.stdout.write(broken.length === 0 ? 'every rule holds\n' : `${broken.join('\n')}\n`);
process.exitCode = broken.length === 0 ? 0 : 1;
