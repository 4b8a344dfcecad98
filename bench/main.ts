/*
 * npm run bench [-- decisions|proxy|hot-path] [--rounds N] [--seconds N] [--case NAME] [--against ROOT] [--save]: side-by-side
 * measurements on this machine; of decisions, only the cases whose names contain NAME; of the hot path, also that of another
 * checkout. Every ratio compares two sides that ran in turn in the same
 * run; absolute numbers are this machine's and drift.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { benchDecisions } from './decisions.ts';
import { benchHotPath } from './hot-path.ts';
import { benchProxy } from './proxy.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    case: { type: 'string', default: '' },
    against: { type: 'string', default: '' },
    seconds: { type: 'string', default: '3' },
    save: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const durationMs = Number(values.seconds) * 1000;
const benches: Readonly<Record<string, () => Promise<string>>> = {
  proxy: () => benchProxy(rounds, durationMs),
  decisions: () => benchDecisions({ rounds, durationMs, named: values.case }),
  'hot-path': () => benchHotPath({ rounds, durationMs, against: values.against }),
};

const wanted = positionals.length === 0 ? Object.keys(benches) : positionals;
const date = new Date().toISOString().slice(0, 10);
const parts = [
  `# ${date}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}, ${rounds} rounds`,
];
for (const name of wanted) {
  const bench = benches[name];
  if (bench === undefined) throw new Error(`no bench ${name}; there are ${Object.keys(benches).join(', ')}`);
  parts.push(`## ${name}`, await bench());
}
const report = `${parts.join('\n\n')}\n`;
process.stdout.write(`\n${report}`);
if (values.save) {
  const folder = new URL('results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL(`${date}-${hostname().replace(/[^\w-]/g, '')}.md`, folder), report);
}
