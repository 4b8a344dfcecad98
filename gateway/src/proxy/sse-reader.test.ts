import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isEncoded, isEventStream, SseReader } from './sse-reader.ts';

/** The stream as a reader sees it that has all of it: where events begin, and what each says. */
function readIn(pieces: readonly Buffer[]): { readonly began: number[]; readonly said: string[] } {
  const began: number[] = [];
  const said: string[] = [];
  let offset = 0;
  let current = '';
  const reader = new SseReader({
    began: (at) => began.push(offset + at),
    data: (bytes) => {
      current += bytes.toString();
    },
    ended: () => {
      said.push(current);
      current = '';
    },
  });
  for (const piece of pieces) {
    reader.read(piece);
    offset += piece.length;
  }
  return { began, said };
}

describe('a stream of events', () => {
  test.each([
    ['data: a\n\ndata: b\n\n', [0, 9], [' a', ' b']],
    ['data:a\r\n\r\ndata:b\r\rdata:c\n\n', [0, 10, 18], ['a', 'b', 'c']],
    [': keep-alive\n\n: again\n\ndata: a\n\n', [23], [' a']],
    [': why\nevent: x\ndata: 1\ndata: 2\nid: 3\n\n\n\n', [6], [' 1 2']],
    ['retry: 100\n\ndat: x\n\ndata\n\n', [0, 12, 20], ['', '', '']],
    ['data: never ended', [0], []],
    ['', [], []],
  ])('%j', (text, began, said) => {
    expect(readIn([Buffer.from(text)])).toEqual({ began, said });
  });

  test('reads the same however it is cut', () => {
    const line = fc.constantFrom('data: a', 'data:', 'event: x', ': c', '', '', 'dat', 'data: data:', 'é');
    const end = fc.constantFrom('\n', '\r\n', '\r');
    const text = fc
      .array(fc.tuple(line, end), { maxLength: 20 })
      .map((lines) => lines.map((parts) => parts.join('')).join(''));
    fc.assert(
      fc.property(text, fc.array(fc.nat(60), { maxLength: 8 }), (stream, places) => {
        const bytes = Buffer.from(stream);
        const cuts = [0, ...places.map((at) => Math.min(at, bytes.length)), bytes.length].toSorted(
          (a, b) => a - b,
        );
        const pieces = cuts.slice(1).map((to, index) => bytes.subarray(cuts[index], to));
        expect(readIn(pieces)).toEqual(readIn([bytes]));
      }),
      { numRuns: 1000 },
    );
  });
});

test.each([
  [['content-type', 'text/event-stream'], true],
  [['content-type', 'Text/Event-Stream; charset=utf-8', 'content-encoding', 'identity'], true],
  [['content-type', 'text/event-stream', 'content-encoding', 'gzip'], false],
  [['content-type', 'application/json'], false],
  [[], false],
])('%j is a stream that can be read: %s', (fields, expected) => {
  expect(isEventStream(fields)).toBe(expected);
  expect(isEncoded(fields)).toBe(fields.includes('gzip'));
});
