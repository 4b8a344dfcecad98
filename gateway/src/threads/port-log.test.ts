import { expect, test } from 'vitest';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { PortLog } from './port-log.ts';

const line = `${'x'.repeat(999)}\n`;

function open(): { clock: FakeClock; log: PortLog; sent: string[] } {
  const clock = new FakeClock();
  const sent: string[] = [];
  return { clock, sent, log: new PortLog(clock, (lines) => sent.push(lines)) };
}

test('lines leave together, whole and in their order', async () => {
  const { clock, log, sent } = open();
  log.destination.write('a\n');
  log.destination.write('b\n');
  expect(sent).toEqual([]);
  await clock.advance(5);
  log.destination.write('c\n');
  await log.close();
  expect(sent).toEqual(['a\nb\n', 'c\n']);
  await clock.advance(5);
  await log.close();
  expect(sent.length).toBe(2);
});

test('many lines do not wait', () => {
  const { log, sent } = open();
  for (let lines = 0; lines < 66; lines += 1) log.destination.write(line);
  expect(sent.map(({ length }) => length)).toEqual([66_000]);
});

test('lines that nobody takes are bounded, and what is dropped is counted', async () => {
  const { log, sent } = open();
  for (let lines = 0; lines < 3000; lines += 1) log.destination.write(line);
  await log.close();
  const kept = sent.join('').length;
  expect(kept).toBe(2_097_000);
  expect(log.dropped()).toBe(3000 - kept / 1000);
  log.taken(kept);
  log.destination.write(line);
  expect(log.dropped()).toBe(3000 - kept / 1000);
});
