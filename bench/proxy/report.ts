import { ratio, show, spread, type Spread } from '../statistics.ts';
import { connections } from './load.ts';
import { faultShareIn, figures, machine, roundsOf, type Result, type Round } from './measure.ts';
import { targetsReport } from './targets.ts';

interface Setting {
  readonly rounds: number;
  readonly durationMs: number;
  readonly skipped: readonly string[];
}

/** Tables in Markdown: every load and proxy, then the targets. */
export function report(results: readonly Result[], { rounds, durationMs, skipped }: Setting): string {
  const notes = `${rounds} rounds of ${durationMs / 1000} s, ${connections} connections. Medians, with the lowest and the highest round. CPU: user and
system time of the server's threads and children per request. "× nginx" and "× Sluice": nginx's and Sluice's (all levels on)
CPU over this proxy's, round by round; above 1 is cheaper. How it is measured: docs/performance.md.`;
  return [notes, ...skipped, ...results.map(table), targetsReport(results)].join('\n\n');
}

function table(result: Result): string {
  const columns = [
    result.load.name,
    'CPU µs/request',
    '× nginx',
    '× Sluice',
    'requests/s',
    'p50 ms',
    'p99 ms',
  ];
  const nginx = roundsOf(result, 'nginx');
  const sluice = roundsOf(result, 'sluice');
  const rows = [...result.rounds].map(([{ name }, rounds]) => {
    const of = (what: keyof Round): Spread => spread(figures(rounds, what));
    const times = (base: readonly Round[]): string =>
      base.length === 0 ? '–' : show(ratio(figures(base, 'cpuUsEach'), figures(rounds, 'cpuUsEach')));
    const faults = faultShareIn(rounds);
    return [
      faults === 0 ? name : `${name} (up to ${(100 * faults).toFixed(2)} % not answered with 2xx)`,
      show(of('cpuUsEach'), 1),
      times(nginx),
      times(sluice),
      show(of('perSecond'), 0),
      show(of('p50Ms')),
      show(of('p99Ms')),
    ];
  });
  const { loadCoreBusy, serverCoreLost } = machine(result);
  const percent = (part: number): string => `${(100 * part).toFixed(0)} %`;
  return [
    ...[columns, columns.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`),
    '',
    `The load's core was busy up to ${percent(loadCoreBusy)} of the time; others had ${percent(serverCoreLost)} of the servers' (median).`,
  ].join('\n');
}
