import { expect, test } from 'vitest';
import { PortLog } from './port-log.ts';

const batch = `${'x'.repeat(9_999)}\n`.repeat(10);

test('batches that nobody takes are bounded, and every line that is dropped is counted', () => {
  const sent: number[] = [];
  const log = new PortLog((_, lines) => sent.push(lines));
  for (let written = 0; written < 30; written += 1) log.write(batch, 10);
  expect(sent.length).toBe(20);
  expect(log.dropped()).toBe(100);
  log.taken(batch.length);
  log.write(batch, 10);
  log.write(batch, 10);
  expect(sent.length).toBe(21);
  expect(log.dropped()).toBe(110);
});
