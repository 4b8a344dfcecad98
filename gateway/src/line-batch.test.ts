import { beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../test/support/fake-clock.ts';
import { LineBatch } from './line-batch.ts';

describe('a batch of lines', () => {
  let clock: FakeClock;
  let written: [string, number][];
  let batch: LineBatch;

  beforeEach(() => {
    clock = new FakeClock();
    written = [];
    batch = new LineBatch(clock, (text, lines) => written.push([text, lines]));
  });

  test('leaves in one write after a tenth of a second, and so does the next', async () => {
    batch.add('a\n');
    batch.add('b\n');
    await clock.advance(99);
    expect(written).toEqual([]);
    await clock.advance(1);
    batch.add('c\n');
    await clock.advance(100);
    expect(written).toEqual([
      ['a\nb\n', 2],
      ['c\n', 1],
    ]);
  });

  test('leaves at once when it is long', () => {
    const line = `${'x'.repeat(1000)}\n`;
    for (let added = 0; added < 140; added += 1) batch.add(line);
    expect(written.map(([, lines]) => lines)).toEqual([66, 66]);
  });

  test('loses no line and keeps their order, whatever is flushed between', async () => {
    const lines = Array.from({ length: 5000 }, (_, number) => `${number}\n`);
    for (const [number, line] of lines.entries()) {
      batch.add(line);
      if (number % 1000 === 0) await clock.advance(100);
      if (number % 700 === 0) batch.flush();
    }
    batch.flush();
    expect(written.map(([text]) => text).join('')).toBe(lines.join(''));
    expect(written.reduce((sum, [, count]) => sum + count, 0)).toBe(lines.length);
  });

  test('is not written when it is empty', async () => {
    batch.flush();
    batch.add('a\n');
    batch.flush();
    await clock.advance(1000);
    expect(written).toHaveLength(1);
  });
});
