import { expect, test } from 'vitest';
import { everySplit } from '../../test/wire/splits.ts';
import { BodyReader } from './body-reader.ts';

const rules = { extensionBytesMax: 100, trailerBytesMax: 100 };

interface Outcome {
  readonly data: string;
  readonly done: boolean;
  readonly flawed: boolean;
  readonly behind: string;
}

function read(body: number | 'chunked' | 'until-close', pieces: readonly Buffer[]): Outcome {
  const reader = new BodyReader(body, rules);
  let data = '';
  let behind = '';
  for (const piece of pieces) {
    const bytes = Buffer.from(piece);
    const part = reader.done ? { data: Buffer.alloc(0), end: 0 } : reader.read(bytes, 0);
    data += part.data.toString('latin1');
    behind += bytes.toString('latin1', part.end);
  }
  return { data, done: reader.done, flawed: reader.flawed, behind };
}

test.each([
  [5, 'hello', { data: 'hello', done: true, behind: '' }],
  [5, 'hellohello', { data: 'hello', done: true, behind: 'hello' }],
  [6, 'hello', { data: 'hello', done: false, behind: '' }],
  [0, 'GET', { data: '', done: true, behind: 'GET' }],
  ['until-close', 'hello', { data: 'hello', done: false, behind: '' }],
  ['chunked', '5\r\nhello\r\n0\r\n\r\nGET', { data: 'hello', done: true, behind: 'GET' }],
  ['chunked', '5\r\nhello\r\n', { data: 'hello', done: false, behind: '' }],
] as const)('a body of %s in %j', (body, text, expected) => {
  for (const pieces of everySplit(text)) expect(read(body, pieces)).toEqual({ ...expected, flawed: false });
});

test('what is no chunk is a flaw', () => {
  for (const pieces of everySplit('5\r\nhello!'))
    expect(read('chunked', pieces)).toMatchObject({ data: 'hello', done: false, flawed: true });
});

test('a body starts in the midst of bytes, and lies in their memory', () => {
  const bytes = Buffer.from('head5\r\nhello\r\n1\r\n!\r\n0\r\nT: 1\r\n\r\nGET');
  const reader = new BodyReader('chunked', rules);
  const { data, end } = reader.read(bytes, 4);
  expect(data.toString()).toBe('hello!');
  expect(data.buffer).toBe(bytes.buffer);
  expect(bytes.toString('latin1', end)).toBe('GET');
  expect(reader.trailers).toEqual(['T', '1']);
  const known = new BodyReader(3, rules).read(Buffer.from('headabcGET'), 4);
  expect([known.data.toString(), known.end]).toEqual(['abc', 7]);
});

test('only a body without a known end may end with the connection', () => {
  expect(new BodyReader('until-close', rules).endsWithConnection).toBe(true);
  expect(new BodyReader('chunked', rules).endsWithConnection).toBe(false);
  expect(new BodyReader(5, rules).endsWithConnection).toBe(false);
});
