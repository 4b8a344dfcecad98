import { fileURLToPath } from 'node:url';
import { freePort } from '../gateway/test/support/ports.ts';
import type { Measurement, Order } from './decisions-worker.ts';
import { forkPinned, order, startRedis, stop } from './pinned.ts';
import { ratio, show, spread } from './statistics.ts';

const worker = fileURLToPath(new URL('decisions-worker.ts', import.meta.url));
const plenty = 1_000_000_000_000;
const scenarios: Readonly<Record<string, Omit<Order, 'durationMs'>>> = {
  'one hot key': { keys: 1, quota: plenty, callers: 256 },
  '1,000 keys': { keys: 1000, quota: plenty, callers: 256 },
  'one key, all refused': { keys: 1, quota: 100, callers: 256 },
  'one hot key, one caller': { keys: 1, quota: plenty, callers: 1 },
};

/**
 * Decisions per second of the limiter and of rate-limiter-flexible on the same Redis: both sides in turn, each in a process
 * on core 0, Redis on core 1. Gives a table in Markdown.
 */
export async function benchDecisions(rounds: number, durationMs: number): Promise<string> {
  const port = await freePort();
  const redis = await startRedis(port, 1);
  const ours = forkPinned(worker, ['sluice', String(port)], 0);
  const theirs = forkPinned(worker, ['rate-limiter-flexible', String(port)], 0);
  const rows: string[] = [];
  try {
    for (const [name, scenario] of Object.entries(scenarios)) {
      const measured: { ours: Measurement[]; theirs: Measurement[] } = { ours: [], theirs: [] };
      for (let round = 0; round < rounds; round += 1) {
        process.stderr.write(`decisions: ${name}, round ${round + 1} of ${rounds}\n`);
        measured.ours.push(await order<Measurement>(ours, { ...scenario, durationMs }));
        measured.theirs.push(await order<Measurement>(theirs, { ...scenario, durationMs }));
      }
      rows.push(row(name, measured.ours, measured.theirs));
    }
  } finally {
    await Promise.all([stop(ours), stop(theirs)]);
    await stop(redis);
  }
  return [
    '| decisions, one process | Sluice /s | rate-limiter-flexible /s | ratio /s | ratio CPU per decision | Sluice claims per decision |',
    '|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

function row(name: string, ours: readonly Measurement[], theirs: readonly Measurement[]): string {
  const rate = ({ decisions, seconds }: Measurement): number => decisions / seconds;
  const cpu = ({ decisions, cpuMicroseconds }: Measurement): number => cpuMicroseconds / decisions;
  const claims = spread(ours.map((measured) => measured.claims / measured.decisions));
  const cells = [
    name,
    show(spread(ours.map(rate)), 0),
    show(spread(theirs.map(rate)), 0),
    show(ratio(ours.map(rate), theirs.map(rate))),
    show(ratio(ours.map(cpu), theirs.map(cpu))),
    show(claims, 4),
  ];
  return `| ${cells.join(' | ')} |`;
}
