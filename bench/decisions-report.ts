import {
  aloneShare,
  claimsEach,
  cpuUsEach,
  perSecond,
  total,
  waitUs,
  type Result,
  type Round,
} from './decisions-round.ts';
import { targetsReport } from './decisions-targets.ts';
import { ratio, show, spread, type Spread } from './statistics.ts';

const notes = `All gateways of a side share core 0, Redis has core 1. A closed loop of 256 callers per gateway, up to 256 decisions in a turn of
the event loop; a hot key, or keys at random, all as likely; one charge per decision, on a window that starts with its first
request. Medians, with the lowest and the highest round. "Sluice ×": decisions per second of Sluice over this side's, round
by round. p50 and p99: from the call until the caller has the answer, of every 127th decision. Claims: questions about one
counter that reached Redis. Redis CPU: of its whole process, and the part in scripts (commandstats).`;

/** Tables in Markdown: every case and side, then the targets. */
export function report(results: readonly Result[]): string {
  const shapes = [...new Set(results.map(({ gateways }) => gateways))];
  const tables = shapes.map((gateways) =>
    table(
      gateways,
      results.filter((result) => result.gateways === gateways),
    ),
  );
  return [notes, ...tables, targetsReport(results)].join('\n\n');
}

function table(gateways: number, results: readonly Result[]): string {
  const title = gateways === 1 ? 'one gateway' : `${gateways} gateways`;
  const columns = [
    title,
    'side',
    'decisions/s',
    'Sluice ×',
    'p50 µs',
    'p99 µs',
    'CPU µs/decision',
    'claims/decision',
    'Redis CPU µs/decision',
    'in scripts',
  ];
  return [
    `| ${columns.join(' | ')} |`,
    `|${'---|'.repeat(columns.length)}`,
    ...results.flatMap((result) => rows(result)),
  ].join('\n');
}

function rows({ asked, bySide }: Result): string[] {
  const ours = bySide.get('Sluice') ?? [];
  return [...bySide].map(([side, rounds]) => {
    const of = (what: (round: Round) => number): Spread => spread(rounds.map(what));
    const alone = aloneShare(rounds);
    const cells = [
      asked.name,
      alone === 0 ? side : `${side} (${(100 * alone).toFixed(2)} % decided without Redis)`,
      show(of(perSecond), 0),
      show(ratio(ours.map(perSecond), rounds.map(perSecond))),
      show(of(waitUs(0.5)), 1),
      show(of(waitUs(0.99)), 1),
      show(of(cpuUsEach)),
      show(of(claimsEach), 5),
      show(
        of((round) => round.redis.cpuUs / total(round, 'decisions')),
        3,
      ),
      show(
        of((round) => round.redis.scriptsUs / total(round, 'decisions')),
        3,
      ),
    ];
    return `| ${cells.join(' | ')} |`;
  });
}
