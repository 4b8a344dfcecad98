import { expect, test } from 'vitest';
import { everySplit } from '../../test/wire/splits.ts';
import { HeadCollector } from './head-collector.ts';
import { readResponseHead, type ResponseHead } from './response-head.ts';

/** Reads a head in every way it can come, which must be the same. */
function read(lines: string, method = 'GET'): ResponseHead | undefined {
  const heads = everySplit(`${lines}\r\n\r\n`).map((pieces) => {
    const collector = new HeadCollector(1000);
    const found = pieces.map((piece) => collector.find(piece, 0)).find((one) => one !== 'incomplete');
    return typeof found === 'object' ? readResponseHead(found.text, method, { fieldsMax: 4 }) : undefined;
  });
  for (const head of heads) expect(head).toEqual(heads[0]);
  return heads[0];
}

test('a head is told with names in lower case', () => {
  expect(read('HTTP/1.1 200 Fine \u00e4\r\nX-A: B\r\nContent-Length: 3')).toEqual({
    status: 200,
    fields: ['x-a', 'B', 'content-length', '3'],
    body: 3,
    keepsAlive: true,
  });
});

test.each<[string, Partial<ResponseHead>]>([
  ['HTTP/1.1 200 OK', { body: 'until-close', keepsAlive: false }],
  ['HTTP/1.1 200 ', { status: 200 }],
  ['HTTP/1.1 200', { status: 200 }],
  ['HTTP/1.1 999 x', { status: 999 }],
  ['HTTP/1.1 200 OK\r\nContent-Length: 0', { body: 0, keepsAlive: true }],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked', { body: 'chunked', keepsAlive: true }],
  ['HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close', { body: 1, keepsAlive: false }],
  ['HTTP/1.0 200 OK\r\nContent-Length: 1', { body: 1, keepsAlive: false }],
  ['HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive', { body: 1, keepsAlive: true }],
  ['HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive, close', { keepsAlive: false }],
  ['HTTP/1.1 205 x\r\nContent-Length: 1', { body: 1 }],
  ['HTTP/1.1 204 x', { body: 0, keepsAlive: true }],
  ['HTTP/1.1 204 x\r\nContent-Length: 0', { body: 0, keepsAlive: true }],
  // Its sender may send the body all the same, which would be the next answer.
  ['HTTP/1.1 204 x\r\nContent-Length: 5', { body: 0, keepsAlive: false }],
  ['HTTP/1.1 204 x\r\nTransfer-Encoding: chunked', { body: 0, keepsAlive: false }],
  ['HTTP/1.1 304 x\r\nContent-Length: 5', { body: 0, keepsAlive: true }],
  ['HTTP/1.1 103 x\r\nLink: y', { status: 103, body: 0, keepsAlive: true }],
  ['HTTP/1.1 100 x\r\nContent-Length: 0', { body: 0 }],
  ['HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: x', { status: 101, body: 0 }],
])('%j', (lines, expected) => {
  expect(read(lines)).toMatchObject(expected);
});

test.each(['Content-Length: 5', 'Transfer-Encoding: chunked', 'X-A: b'])(
  'an answer to HEAD has no body: %s',
  (line) => {
    expect(read(`HTTP/1.1 200 OK\r\n${line}`, 'HEAD')).toMatchObject({ body: 0, keepsAlive: true });
  },
);

test.each([
  '',
  'HTTP/1.1',
  'HTTP/1.1 ',
  'HTTP/1.1 20',
  'HTTP/1.1 2000 x',
  'HTTP/1.1 099 x',
  'HTTP/1.1 2x0 x',
  'HTTP/1.1  200 x',
  'HTTP/1.1\t200 x',
  'HTTP/1.1 200\tx',
  'HTTP/1.1 200 \0',
  'HTTP/2.0 200 OK',
  'http/1.1 200 OK',
  'ICY 200 OK',
  ' HTTP/1.1 200 OK',
  '\r\nHTTP/1.1 200 OK',
  'HTTP/1.1 200 OK\r\nA : b',
  'HTTP/1.1 200 OK\r\nA: b\r\n c',
  'HTTP/1.1 200 OK\r\nContent-Length: x',
  'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1',
  'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\t',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked',
  'HTTP/1.1 304 OK\r\nTransfer-Encoding: identity',
  'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked',
  'HTTP/1.1 103 x\r\nContent-Length: 5',
  'HTTP/1.1 103 x\r\nTransfer-Encoding: chunked',
  'HTTP/1.1 103 x\r\nConnection: close',
  'HTTP/1.0 103 x',
  'HTTP/1.1 200 OK\r\na:1\r\na:2\r\na:3\r\na:4\r\na:5',
])('%j is no head', (lines) => {
  expect(read(lines)).toBeUndefined();
});
