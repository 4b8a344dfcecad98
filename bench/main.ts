/*
 * npm run bench [-- proxy|decisions|hot-path|soak|streams] [--rounds N] [--seconds N] [--case NAME] [--only A,B] [--against ROOT]
 * [--requests N] [--save]: side-by-side measurements on this machine; only the cases whose names contain NAME, only the proxies A
 * and B; of the hot path, also that of another checkout. Every ratio compares two sides that ran in turn in the same run; absolute
 * numbers are this machine's and drift. Without a name: proxy and decisions.
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { benchDecisions } from './decisions.ts';
import { benchHotPath } from './hot-path.ts';
import { picture } from './proxy/picture.ts';
import { benchProxy } from './proxy/proxy.ts';
import { soak } from './proxy/soak.ts';
import { benchStreams } from './proxy/streams.ts';
import { saveSections } from './save.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    case: { type: 'string', default: '' },
    against: { type: 'string', default: '' },
    seconds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    requests: { type: 'string', default: '10000000' },
    save: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const durationMs = Number(values.seconds) * 1000;
const date = new Date().toISOString().slice(0, 10);
const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`;

const benches: Readonly<Record<string, () => Promise<string>>> = {
  proxy: async () => {
    const only = values.only.split(',').filter((key) => key !== '');
    const { text, results } = await benchProxy({ rounds, durationMs, named: values.case, only });
    const [first] = results;
    if (values.save && only.length === 0 && first?.load.name === 'small GET') {
      writeFileSync(
        new URL('../docs/performance.svg', import.meta.url),
        picture(first, `${date}, ${machine}`),
      );
    }
    return text;
  },
  decisions: async () =>
    `${rounds} rounds.\n\n${await benchDecisions({ rounds, durationMs, named: values.case })}`,
  'hot-path': () => benchHotPath({ rounds, durationMs, against: values.against }),
  soak: () => soak(Number(values.requests)),
  streams: () => benchStreams(),
};

const wanted = positionals.length === 0 ? ['proxy', 'decisions'] : positionals;
const sections = new Map<string, string>();
for (const name of wanted) {
  const bench = benches[name];
  if (bench === undefined) throw new Error(`no bench ${name}; there are ${Object.keys(benches).join(', ')}`);
  sections.set(name, await bench());
}
for (const [name, text] of sections) process.stdout.write(`\n## ${name}\n\n${text}\n`);
if (values.save) saveSections({ date, machine, sections });
