import type { Random } from '../support/random.ts';
import { compare, type Comparison } from './compare.ts';
import { generate, type Generated } from './generator.ts';
import { readAnswers, RequestOracle } from './oracle.ts';
import { readStream, type Reading } from './reading.ts';

/** What a run of the differential test exercised and found. */
export interface Findings {
  streams: number;
  bytes: number;
  /** Messages that both read alike to their end. */
  messages: number;
  readonly sides: Record<Generated['side'], number>;
  readonly ends: Record<string, number>;
  readonly comparisons: Record<Comparison['is'], number>;
  /** How often each listed reason was needed. */
  readonly reasons: Record<string, number>;
  /** The first mistakes. */
  readonly mistakes: string[];
}

const atOnce = 250;
const mistakesMax = 20;

/** Reads streams of chance with both readers until there are enough, or the time is over. */
export async function campaign(
  random: Random,
  until: (findings: Findings) => boolean,
  heard: (findings: Findings) => void = () => {},
): Promise<Findings> {
  const findings: Findings = {
    streams: 0,
    bytes: 0,
    messages: 0,
    sides: { request: 0, response: 0 },
    ends: {},
    comparisons: { same: 0, stricter: 0, 'refused-later': 0, laxer: 0, different: 0, unlisted: 0 },
    reasons: {},
    mistakes: [],
  };
  const server = new RequestOracle();
  while (!until(findings) && findings.mistakes.length < mistakesMax) {
    const streams = Array.from({ length: atOnce }, () => generate(random));
    const requests = streams.filter(({ side }) => side === 'request');
    const responses = streams.filter(({ side }) => side === 'response');
    const oracles = await Promise.all([server.read(requests), readAnswers(responses)]);
    const all = [...requests, ...responses];
    for (const [at, oracle] of oracles.flat().entries()) note(findings, all[at]!, oracle);
    heard(findings);
  }
  return findings;
}

function note(findings: Findings, stream: Generated, oracle: Reading): void {
  const ours = readStream(stream);
  const result = compare(stream, ours, oracle);
  findings.streams += 1;
  findings.bytes += stream.text.length;
  findings.messages += ours.messages.filter(({ complete }) => complete).length;
  findings.sides[stream.side] += 1;
  findings.ends[ours.end] = (findings.ends[ours.end] ?? 0) + 1;
  findings.comparisons[result.is] += 1;
  if (result.is === 'stricter') findings.reasons[result.reason] = (findings.reasons[result.reason] ?? 0) + 1;
  if ('what' in result) findings.mistakes.push(mistake(stream, result));
}

function mistake(
  { side, method, ends, pieces }: Generated,
  { is, what }: { is: string; what: string },
): string {
  const told = pieces.map((piece) => JSON.stringify(piece.toString('latin1'))).join(' ');
  return `${is} (${side}${side === 'response' ? ` to ${method}${ends ? ', then the end' : ''}` : ''}): ${what}\n  ${told}`;
}
