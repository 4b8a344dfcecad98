import type { Figures } from './figures.ts';

/** One fault: its figures, and the rules it broke, in words. */
export interface Result extends Figures {
  readonly broken: readonly string[];
  readonly late: readonly string[];
}

type Column = readonly [head: string, cell: (result: Result) => string | number];

const columns: readonly Column[] = [
  ['on failure', ({ onFailure }) => onFailure],
  ['fault', ({ fault }) => fault],
  ['decisions', ({ decisions }) => decisions],
  ['admitted', ({ admitted }) => admitted],
  ['over', ({ over }) => over],
  ['I2 bound', ({ lossBound }) => lossBound],
  ['restated', ({ restatedMs }) => restatedMs],
  ['wrong 429', ({ wronglyRefused }) => wronglyRefused],
  ['… elsewhere', ({ wronglyRefusedElsewhere }) => wronglyRefusedElsewhere],
  ['undecided', ({ undecided }) => undecided],
  ['uncertain', ({ uncertain }) => uncertain],
  ['unanswered', ({ unanswered }) => unanswered],
  ['wait p99.9', ({ waitP999Ms }) => waitP999Ms],
  ['max', ({ waitMaxMs }) => waitMaxMs],
  ['limiter p99.9', ({ limiterP999Ms }) => limiterP999Ms],
  ['max', ({ limiterMaxMs }) => limiterMaxMs],
  ['machine', ({ machineLagMs }) => machineLagMs],
  ['ready', ({ readyMs }) => readyMs ?? 'never'],
  ['exact', ({ exactMs }) => exactMs],
  ['crashes', ({ crashes }) => crashes],
  ['broken', ({ broken }) => broken.length],
  ['late', ({ late }) => late.length],
];

/** One fault, as soon as it is over. */
export function row({ onFailure, fault, decisions, over, overWorst, broken, late }: Result): string {
  const worst = overWorst === '' ? '' : ` (worst window: ${overWorst})`;
  const verdicts = [...broken.map((what) => `BROKEN: ${what}`), ...late.map((what) => `LATE: ${what}`)];
  const verdict = verdicts.length === 0 ? 'holds' : verdicts.join('; ');
  return `${onFailure} ${fault}: ${decisions} decisions, ${over} over${worst}, ${verdict}\n`;
}

/** All faults, as a Markdown table. Times are ms. */
export function table(all: readonly Result[]): string {
  const rows = [
    columns.map(([head]) => head),
    ...all.map((result) => columns.map(([, cell]) => String(cell(result)))),
  ];
  const widths = columns.map((_, index) => Math.max(...rows.map((cells) => cells[index]!.length)));
  const lines = rows.map(
    (cells) => `| ${cells.map((cell, index) => cell.padStart(widths[index]!)).join(' | ')} |`,
  );
  lines.splice(1, 0, `|${widths.map((width) => `${'-'.repeat(width + 1)}:`).join('|')}|`);
  return `${lines.join('\n')}\n`;
}
