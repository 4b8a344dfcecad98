import {
  aloneShare,
  claims,
  claimsEach,
  cpuUsEach,
  longestSeconds,
  perSecond,
  total,
  waitUs,
  type Result,
  type Round,
} from './decisions-round.ts';
import { ratio, show, spread, type Spread } from './statistics.ts';

interface Target {
  readonly what: string;
  readonly name: string;
  readonly gateways: number;
  readonly bound: { readonly atMost: number } | { readonly atLeast: number };
  readonly digits: number;
  readonly measured: (sides: {
    readonly ours: readonly Round[];
    readonly theirs: readonly Round[];
  }) => Spread;
}

/** A claim that a busy machine delays past its deadline is decided alone; with more of them the figures aren't of an exact limiter. */
const aloneShareMax = 0.001;
const onceEach = '100,000 keys once each';
const hot = { name: 'hot key', gateways: 3 };
const flood = { name: 'all refused', gateways: 3 };
const timesPeer: Pick<Target, 'what' | 'digits' | 'measured'> = {
  what: 'decisions/s ÷ those of rate-limiter-flexible',
  digits: 2,
  measured: ({ ours, theirs }) => ratio(ours.map(perSecond), theirs.map(perSecond)),
};

const targets: readonly Target[] = [
  {
    ...hot,
    what: 'claims per decision',
    bound: { atMost: 0.05 },
    digits: 5,
    measured: ourSpread(claimsEach),
  },
  {
    ...hot,
    what: 'p50 of a decision, µs',
    bound: { atMost: 5 },
    digits: 2,
    measured: ourSpread(waitUs(0.5)),
  },
  { ...hot, ...timesPeer, bound: { atLeast: 10 } },
  {
    ...flood,
    // What one core would refuse if the gateways had it for themselves.
    what: 'refusals per CPU second',
    bound: { atLeast: 500_000 },
    digits: 0,
    measured: ourSpread((round) => 1e6 / cpuUsEach(round)),
  },
  {
    ...flood,
    what: 'claims/s per gateway',
    bound: { atMost: 20 },
    digits: 1,
    measured: ourSpread((round) => claims(round) / longestSeconds(round) / round.gateways.length),
  },
  { name: onceEach, gateways: 1, ...timesPeer, bound: { atLeast: 1 } },
  { name: onceEach, gateways: 3, ...timesPeer, bound: { atLeast: 1 } },
];

/** The bounds the limiter set out to keep, beside what these rounds show; then what it keeps in memory. Markdown. */
export function targetsReport(results: readonly Result[]): string {
  const rows = targets.flatMap((target) => {
    const { name, gateways } = target;
    return results
      .filter((result) => result.asked.name === name && result.gateways === gateways)
      .map((result) => row(target, result));
  });
  const memories = results.filter(({ asked }) => asked.name === onceEach).map(memory);
  return [
    '| target | | measured | |',
    '|---|---|---|---|',
    ...rows,
    ...memories.map((line) => `\n${line}`),
  ].join('\n');
}

function ourSpread(what: (round: Round) => number): Target['measured'] {
  return ({ ours }) => spread(ours.map(what));
}

function row({ what, name, gateways, bound, digits, measured }: Target, { bySide }: Result): string {
  const ours = bySide.get('Sluice') ?? [];
  const theirs = bySide.get('rate-limiter-flexible') ?? [];
  const found = measured({ ours, theirs });
  const isMet = 'atMost' in bound ? found.median <= bound.atMost : found.median >= bound.atLeast;
  const isValid = aloneShare(ours) <= aloneShareMax;
  const verdict = isValid ? (isMet ? 'met' : 'missed') : 'not measured: too many decisions without Redis';
  const asked = 'atMost' in bound ? `≤ ${bound.atMost}` : `≥ ${bound.atLeast}`;
  const cells = [`${name}, gateways: ${gateways}; ${what}`, asked, show(found, digits), verdict];
  return `| ${cells.join(' | ')} |`;
}

function memory({ asked, gateways, bySide }: Result): string {
  const last = bySide.get('Sluice')?.at(-1);
  if (last === undefined) throw new Error('no rounds of Sluice');
  const counters = total(last, 'counters');
  const bytes = total(last, 'heapBytes') / counters;
  const left = last.closed.reduce((sum, closed) => sum + closed.counters, 0);
  const waitedMs = Math.max(...last.closed.map((closed) => closed.waitedMs));
  return (
    `Memory, ${asked.name}, gateways: ${gateways}; ${counters} counters after the run, ${bytes.toFixed(0)} bytes of heap each; ` +
    `${left} left ${(waitedMs / 1000).toFixed(1)} s later (windows of ${asked.windowMs / 1000} s).`
  );
}
