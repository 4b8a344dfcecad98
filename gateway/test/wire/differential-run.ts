import { seededRandom } from '../support/random.ts';
import { campaign, type Findings } from './campaign.ts';

/** The long form of the differential test: prints what it exercised; false when it found a mistake. */
export async function runDifferential(streams: number, seed: number | undefined): Promise<boolean> {
  const random = seededRandom(seed);
  print(`differential test against node:http, ${streams} streams from seed ${random.seed}`);
  const beganMs = performance.now();
  const perSecond = ({ streams }: Findings): number =>
    Math.round((streams / (performance.now() - beganMs)) * 1000);
  const findings = await campaign(
    random,
    (found) => found.streams >= streams,
    (found) => {
      if (found.streams % 100_000 === 0) print(`  ${found.streams} streams, ${perSecond(found)}/s`);
    },
  );
  const { bytes, messages, sides, ends, comparisons, reasons, mistakes } = findings;
  print(`${findings.streams} streams (${told(sides)}) of ${bytes} bytes, ${perSecond(findings)}/s`);
  print(`${messages} messages were framed alike to their end; streams ended ${told(ends)}`);
  print(told(comparisons));
  print(`stricter than the oracle: ${told(reasons)}`);
  for (const mistake of mistakes) print(mistake);
  print(mistakes.length === 0 ? 'no mistake' : `${mistakes.length} mistakes: SLUICE_SEED=${random.seed}`);
  return mistakes.length === 0;
}

function told(counts: Readonly<Record<string, number>>): string {
  const entries = Object.entries(counts).sort(([, a], [, b]) => b - a);
  return entries.map(([name, count]) => `${name} ${count}`).join(', ');
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
