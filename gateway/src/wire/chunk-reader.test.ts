import { describe, expect, test } from 'vitest';
import { everySplit } from '../../test/wire/splits.ts';
import { ChunkReader, type ChunkRules } from './chunk-reader.ts';

const rules: ChunkRules = { extensionBytesMax: 12, trailerBytesMax: 20 };

interface Outcome {
  readonly data: string;
  readonly trailers: readonly string[];
  readonly end: 'done' | 'flawed' | 'open';
  /** Bytes behind the body. */
  readonly left: number;
}

function read(pieces: readonly Buffer[]): Outcome {
  const reader = new ChunkReader(rules);
  let data = '';
  let left = 0;
  for (const piece of pieces) {
    const bytes = Buffer.concat([Buffer.from('..'), piece]);
    const end = reader.done || reader.flawed ? 2 : reader.read(bytes, 2);
    if (end > 2) data += bytes.toString('latin1', 2, reader.dataEnd);
    expect(bytes.toString('latin1', 0, 2)).toBe('..');
    left += bytes.length - end;
  }
  return {
    data,
    trailers: reader.trailers,
    end: reader.done ? 'done' : reader.flawed ? 'flawed' : 'open',
    left,
  };
}

/** The same, whatever the pieces are. */
function readEverySplit(text: string): Outcome {
  const outcomes = everySplit(text).map(read);
  // What follows a flaw is nobody's.
  const comparable = outcomes.map(({ left, ...outcome }) => ({
    ...outcome,
    left: outcome.end === 'done' ? left : 0,
  }));
  for (const outcome of comparable) expect(outcome).toEqual(comparable[0]);
  return outcomes[0]!;
}

describe('a body in chunks', () => {
  test.each([
    ['0\r\n\r\n', '', []],
    ['000\r\n\r\n', '', []],
    ['5\r\nhello\r\n0\r\n\r\n', 'hello', []],
    ['5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n', 'hello world', []],
    ['A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n', '01234567890123456789', []],
    ['4\r\n\r\n\r\n\r\n0\r\n\r\n', '\r\n\r\n', []],
    ['0000000000005\r\nhello\r\n0\r\n\r\n', 'hello', []],
    ['1;a\r\nx\r\n0;b=c\r\n\r\n', 'x', []],
    ['1;a="b\\"c;"\r\nx\r\n0\r\n\r\n', 'x', []],
    ['1;a;b;c=d\r\nx\r\n0\r\n\r\n', 'x', []],
    ['1\r\nx\r\n0\r\nT: 1\r\nU:\r\n\r\n', 'x', ['T', '1', 'U', '']],
  ])('%j', (text, data, trailers) => {
    expect(readEverySplit(text)).toEqual({ data, trailers, end: 'done', left: 0 });
    expect(readEverySplit(`${text}0\r\n\r\nGET`)).toEqual({ data, trailers, end: 'done', left: 8 });
    expect(readEverySplit(text.slice(0, -1)).end).toBe('open');
  });

  test.each([
    ['\r\n'],
    ['x'],
    [' 5\r\n'],
    ['+5\r\n'],
    ['-5\r\n'],
    ['0x5\r\n'],
    ['5 \r\n'],
    ['5\n'],
    ['5\rh'],
    ['5\t\r\n'],
    ['5,5\r\n'],
    ['00000000000005\r\n'],
    ['fffffffffffffffff\r\n'],
    ['1\r\nx0'],
    ['1\r\nx\n'],
    ['1\r\nx\rx'],
    ['1\r\nxx\r\n'],
    ['5;\r\n'],
    ['5; a\r\n'],
    ['5;a \r\n'],
    ['5 ;a\r\n'],
    ['5;=b\r\n'],
    ['5;a=\r\n'],
    ['5;a=b=c\r\n'],
    ['5;a;\r\n'],
    ['5;a="b"c\r\n'],
    ['5;a=b"c"\r\n'],
    ['5;a="\r'],
    ['5;a="b\n'],
    ['5;a="\\\n'],
    ['5;a\n'],
    ['5;a\r0'],
    ['5;\0'],
    ['5;\u00e4'],
    ['0\r\n\n'],
    ['0\r\nT\r\n'],
    ['0\r\nT : 1\r\n'],
    ['0\r\n T: 1\r\n'],
    ['0\r\nT: 1\r\n 2\r\n'],
    ['0\r\nT: 1\n'],
    ['0\r\nT: \0\r\n'],
    ['0\r\nT: 1\rU: 2\r\n'],
    ['0\r\nContent-Length: 5\r\n'],
    ['0\r\ntransfer-encoding: chunked\r\n'],
    ['0\r\nCONNECTION: close\r\n'],
  ])('%j is none', (text) => {
    expect(readEverySplit(text).end).toBe('flawed');
  });

  test('the data before a flaw is given', () => {
    expect(readEverySplit('5\r\nhello\r\nx')).toMatchObject({ data: 'hello', end: 'flawed' });
  });
});

describe('what is no data is bounded', () => {
  test('extensions of all chunks together', () => {
    const chunks = (bytes: number): string => `1;abcdef\r\nx\r\n1;${'b'.repeat(bytes)}\r\nx\r\n0\r\n\r\n`;
    expect(readEverySplit(chunks(6)).end).toBe('done');
    expect(readEverySplit(chunks(7)).end).toBe('flawed');
  });

  test('trailers', () => {
    expect(readEverySplit(`0\r\nT: 1\r\nU: ${'2'.repeat(9)}\r\n\r\n`).end).toBe('done');
    expect(readEverySplit(`0\r\nT: 1\r\nU: ${'2'.repeat(10)}\r\n\r\n`).end).toBe('flawed');
    expect(readEverySplit(`0\r\n${'T'.repeat(23)}`).end).toBe('flawed');
  });
});

test('as many bytes as a size says are data, at the largest one too', () => {
  const reader = new ChunkReader(rules);
  const head = Buffer.from('fffffffffffff\r\n');
  expect(reader.read(head, 0)).toBe(head.length);
  const data = Buffer.alloc(1000, 'x');
  expect(reader.read(data, 0)).toBe(1000);
  expect(reader.dataEnd).toBe(1000);
});
