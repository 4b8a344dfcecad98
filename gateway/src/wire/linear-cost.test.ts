import { expect, test } from 'vitest';
import { ChunkReader } from './chunk-reader.ts';
import { HeadCollector } from './head-collector.ts';

/*
 * One byte at a time, a reader must not look again at what it has looked at. A million bytes take a part of a second then, and
 * minutes otherwise: longer than any test may.
 */

const bytesMax = 1_000_000;

function oneByOne(text: string, take: (piece: Buffer) => void): void {
  const bytes = Buffer.from(text, 'latin1');
  for (let at = 0; at < bytes.length; at += 1) take(bytes.subarray(at, at + 1));
}

test('a head byte by byte costs no more than its bytes', () => {
  const collector = new HeadCollector(bytesMax);
  oneByOne(`GET / HTTP/1.1\r\nA: ${'a'.repeat(bytesMax - 30)}`, (piece) => collector.find(piece, 0));
  expect(collector.begun).toBe(true);
});

test.each([
  ['of many lines', 'T: 1234\r\n'.repeat(bytesMax / 10)],
  ['of one line', `T: ${'1'.repeat(bytesMax - 30)}\r\n`],
])('trailers %s byte by byte cost no more than their bytes', (_, lines) => {
  const reader = new ChunkReader({ extensionBytesMax: 0, trailerBytesMax: bytesMax });
  oneByOne(`0\r\n${lines}\r\n`, (piece) => reader.read(piece, 0));
  expect(reader.done).toBe(true);
});

test('chunks of one byte, byte by byte, cost no more than their bytes', () => {
  const reader = new ChunkReader({ extensionBytesMax: bytesMax, trailerBytesMax: 0 });
  oneByOne(`${'1;a\r\nx\r\n'.repeat(bytesMax / 10)}0\r\n\r\n`, (piece) => reader.read(piece, 0));
  expect(reader.done).toBe(true);
});
