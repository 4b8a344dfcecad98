import { ratio, show, spread, type Spread } from '../statistics.ts';
import { faultShareIn, faultShareMax, figures, roundsOf, type Result } from './measure.ts';
import type { VariantKey } from './variant.ts';

interface Target {
  readonly what: string;
  readonly load: string;
  readonly ours: VariantKey;
  readonly theirs: VariantKey;
  readonly bound:
    /** `cores`: how many this proxy has, beside the other's one. */
    | { readonly atLeastTimes: number; readonly cores?: number }
    /** How much longer the slowest hundredth may wait. */
    | { readonly atMostMsMore: number };
}

const sluice = { load: 'small GET', ours: 'sluice' } as const;

const targets: readonly Target[] = [
  { ...sluice, what: 'nginx + Lua + Redis INCR', theirs: 'nginx-lua', bound: { atLeastTimes: 1.2 } },
  { ...sluice, what: 'nginx', theirs: 'nginx', bound: { atLeastTimes: 0.55 } },
  { ...sluice, what: 'fast-proxy', theirs: 'fast-proxy', bound: { atLeastTimes: 2.2 } },
  {
    ...sluice,
    what: '@fastify/http-proxy + rate-limit on Redis',
    theirs: 'fastify-limit',
    bound: { atLeastTimes: 3.5 },
  },
  {
    ...sluice,
    what: 'fast-proxy on Node 20',
    theirs: 'fast-proxy-node20',
    bound: { atLeastTimes: 2.2 },
  },
  {
    ...sluice,
    what: '@fastify/http-proxy + rate-limit on Redis, on Node 20',
    theirs: 'fastify-limit-node20',
    bound: { atLeastTimes: 3.5 },
  },
  { ...sluice, what: 'Sluice, Unlimited', theirs: 'sluice-unlimited', bound: { atLeastTimes: 0.95 } },
  {
    load: 'small GET',
    ours: 'sluice-conditions',
    what: 'with conditions, denied addresses and tokens, beside without',
    theirs: 'sluice',
    bound: { atLeastTimes: 0.85 },
  },
  {
    load: 'small GET',
    ours: 'sluice-threads',
    what: 'two threads on two cores, beside one',
    theirs: 'sluice',
    bound: { atLeastTimes: 1.6, cores: 2 },
  },
  {
    load: 'half of saturation',
    ours: 'sluice',
    what: 'Sluice, Unlimited: p99, ms more',
    theirs: 'sluice-unlimited',
    bound: { atMostMsMore: 0.2 },
  },
];

/** The bounds that Sluice with all levels on set out to keep, beside what these rounds show. Markdown. */
export function targetsReport(results: readonly Result[]): string {
  const rows = targets.flatMap((target) =>
    results.filter(({ load }) => load.name === target.load).map((result) => row(target, result)),
  );
  return [
    '| target: Sluice, all levels on, beside | | by CPU | by requests/s | |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

function row({ what, load, ours, theirs, bound }: Target, result: Result): string {
  const own = roundsOf(result, ours);
  const other = roundsOf(result, theirs);
  const name = `${load}; ${what}`;
  const asked = 'atLeastTimes' in bound ? `≥ ${bound.atLeastTimes}` : `≤ ${bound.atMostMsMore}`;
  if (own.length === 0 || other.length === 0) return `| ${name} | ${asked} | – | – | not measured |`;
  if (Math.max(faultShareIn(own), faultShareIn(other)) > faultShareMax) {
    return `| ${name} | ${asked} | – | – | not measured: too many answers weren't 2xx |`;
  }
  if ('atMostMsMore' in bound) {
    const theirMs = figures(other, 'p99Ms');
    const more = spread(figures(own, 'p99Ms').map((ms, round) => ms - (theirMs[round] ?? NaN)));
    return `| ${name} | ${asked} | ${show(more)} | – | ${verdict(more.median <= bound.atMostMsMore)} |`;
  }
  const perCore = ratio(figures(other, 'cpuUsEach'), figures(own, 'cpuUsEach'));
  const byCpu = times(perCore, bound.cores ?? 1);
  const byRate = ratio(figures(own, 'perSecond'), figures(other, 'perSecond'));
  return `| ${name} | ${asked} | ${show(byCpu)} | ${show(byRate)} | ${verdict(byCpu.median >= bound.atLeastTimes)} |`;
}

function times({ median, low, high }: Spread, factor: number): Spread {
  return { median: median * factor, low: low * factor, high: high * factor };
}

function verdict(isMet: boolean): string {
  return isMet ? 'met' : 'missed';
}
