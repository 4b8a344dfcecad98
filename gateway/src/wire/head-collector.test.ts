import { expect, test } from 'vitest';
import { everySplit } from '../../test/wire/splits.ts';
import { HeadCollector, type FoundHead } from './head-collector.ts';

/** Feeds pieces until a head is found or refused; tells how many bytes were taken. */
function collect(collector: HeadCollector, pieces: readonly Buffer[]): { found: FoundHead; taken: number } {
  let before = 0;
  for (const piece of pieces) {
    const found = collector.find(piece, 0);
    if (typeof found === 'object') return { found, taken: before + found.end };
    if (found !== 'incomplete') return { found, taken: before };
    before += piece.length;
  }
  return { found: 'incomplete', taken: before };
}

const head = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

test.each([
  ['a head', head, head],
  ['a head and what follows it', `${head}body`, head],
  ['the first of two heads', `${head}${head}`, head],
  ['a head behind an empty line', `\r\n${head}`, `\r\n${head}`],
  ['an empty line and an empty head', '\r\n\r\n\r\nGET', '\r\n\r\n\r\n'],
  ['a head of empty lines', 'a\r\n\r\n\r\n', 'a\r\n\r\n'],
  ['bytes beyond ASCII', 'A: \u00e4\r\n\r\n', 'A: \u00e4\r\n\r\n'],
])('%s is found wherever pieces end', (_, text, expected) => {
  for (const pieces of everySplit(text)) {
    const { found, taken } = collect(new HeadCollector(100), pieces);
    expect(found).toMatchObject({ text: expected });
    expect(taken).toBe(expected.length);
  }
});

test.each([
  ['LF alone', 'GET / HTTP/1.1\nHost: a\n\n'],
  ['LF first', '\nGET / HTTP/1.1'],
  ['NUL', 'GET /\0'],
  ['a TLS hello', '\u0016\u0003\u0001\u0002\0\u0001'],
])('nobody waits for the end of %s', (_, text) => {
  for (const pieces of everySplit(text))
    expect(collect(new HeadCollector(100), pieces).found).toBe('malformed');
});

test('a head begins with its first byte, and leaves nothing behind', () => {
  for (const pieces of everySplit(head)) {
    const collector = new HeadCollector(100);
    expect(collector.begun).toBe(false);
    for (const piece of pieces.slice(0, -1)) {
      expect(collector.find(piece, 0)).toBe('incomplete');
      expect(collector.begun).toBe(true);
    }
    expect(collector.find(pieces.at(-1)!, 0)).toMatchObject({ text: head });
    expect(collector.begun).toBe(false);
  }
});

test('one after the other is found from where the one before ended', () => {
  const collector = new HeadCollector(100);
  const bytes = Buffer.from(`xx${head}${head}GET`, 'latin1');
  expect(collector.find(bytes, 2)).toEqual({ text: head, end: 2 + head.length });
  expect(collector.find(bytes, 2 + head.length)).toEqual({ text: head, end: 2 + 2 * head.length });
  expect(collector.find(bytes, 2 + 2 * head.length)).toBe('incomplete');
  expect(collector.find(Buffer.from(`..${head.slice(3)}`), 2)).toEqual({ text: head, end: head.length - 1 });
});

test('a head may have as many bytes as allowed, and not one more', () => {
  for (const pieces of everySplit(head)) {
    expect(collect(new HeadCollector(head.length), pieces).found).toMatchObject({ text: head });
    expect(collect(new HeadCollector(head.length - 1), pieces).found).toBe('too-large');
  }
  const endless = everySplit('A'.repeat(60));
  for (const pieces of endless) expect(collect(new HeadCollector(59), pieces).found).toBe('too-large');
  for (const pieces of endless) expect(collect(new HeadCollector(60), pieces).found).toBe('incomplete');
});

test('what has begun is kept, not the memory it came in', () => {
  const collector = new HeadCollector(100);
  const bytes = Buffer.from('GET / HTTP/1.1\r\n');
  collector.find(bytes, 0);
  bytes.fill('x');
  expect(collector.find(Buffer.from('Host: a\r\n\r\n'), 0)).toMatchObject({ text: head });
});

test('an empty piece changes nothing', () => {
  const collector = new HeadCollector(100);
  expect(collector.find(Buffer.alloc(0), 0)).toBe('incomplete');
  expect(collector.begun).toBe(false);
  collector.find(Buffer.from('\r'), 0);
  expect(collector.find(Buffer.alloc(0), 0)).toBe('incomplete');
  expect(collector.find(Buffer.from(`\n${head}`), 0)).toMatchObject({ text: `\r\n${head}` });
});
