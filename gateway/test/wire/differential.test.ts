import { expect, test } from 'vitest';
import { seededRandom } from '../support/random.ts';
import { campaign } from './campaign.ts';
import { compare } from './compare.ts';
import type { Generated } from './generator.ts';
import { readAnswers, RequestOracle } from './oracle.ts';
import { readStream } from './reading.ts';
import { stricter } from './stricter.ts';

const streams = 20_000;

test('no stream of chance is framed in another way than node:http frames it, and none is taken that it refuses', async () => {
  const random = seededRandom();
  const findings = await campaign(random, (found) => found.streams >= streams);
  const context = `seed ${random.seed}`;
  expect(findings.mistakes, context).toEqual([]);
  expect(findings.messages, context).toBeGreaterThan(streams / 3);
  for (const end of ['open', 'rejected', 'declined', 'closed', 'switched'])
    expect(findings.ends[end], `${context}: ${end}`).toBeGreaterThan(20);
  expect(Object.keys(findings.reasons).length, context).toBeGreaterThan(stricter.length / 2);
});

test.each(stricter)('stricter than node:http: $name', async ({ name, side, example }) => {
  const isResponse = side === 'response' || example.startsWith('HTTP/');
  const stream: Generated = {
    side: isResponse ? 'response' : 'request',
    text: example,
    pieces: [Buffer.from(example, 'latin1')],
    method: 'GET',
    ends: false,
  };
  const [oracle] = isResponse ? await readAnswers([stream]) : await new RequestOracle().read([stream]);
  expect(oracle!.end).not.toBe('rejected');
  expect(compare(stream, readStream(stream), oracle!)).toEqual({ is: 'stricter', reason: name });
});

test('each reason has a name of its own', () => {
  expect(new Set(stricter.map(({ name }) => name)).size).toBe(stricter.length);
});
