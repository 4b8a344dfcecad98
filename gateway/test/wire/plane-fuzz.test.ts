import { expect, test } from 'vitest';
import { seededRandom } from '../support/random.ts';
import { fuzzPlane } from './plane-fuzz.ts';

test('a gateway outlives streams of chance, and forwards what the wire takes and nothing else', async () => {
  const random = seededRandom();
  const run = fuzzPlane({ random, streams: 600, exact: false });
  const findings = await run.catch((error: unknown) => {
    throw new Error(`seed ${random.seed}`, { cause: error });
  });
  expect(findings.forwarded, `seed ${random.seed}`).toBeGreaterThan(100);
});
