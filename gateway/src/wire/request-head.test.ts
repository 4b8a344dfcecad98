import { expect, test } from 'vitest';
import { everySplit } from '../../test/wire/splits.ts';
import { HeadCollector } from './head-collector.ts';
import { readRequestHead, type RequestHead, type RequestHeadRules } from './request-head.ts';

const rules: RequestHeadRules = { fieldsMax: 4 };

/** Reads a head in every way it can come, which must be the same. */
function read(lines: string, more: Partial<RequestHeadRules> = {}): RequestHead | undefined {
  const heads = everySplit(`${lines}\r\n\r\n`).map((pieces) => {
    const collector = new HeadCollector(1000);
    const found = pieces.map((piece) => collector.find(piece, 0)).find((one) => one !== 'incomplete');
    return typeof found === 'object' ? readRequestHead(found.text, { ...rules, ...more }) : undefined;
  });
  for (const head of heads) expect(head).toEqual(heads[0]);
  return heads[0];
}

test('a head is told as it came', () => {
  expect(read('POST /a?b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nX-a:\u00e4 ')).toEqual({
    method: 'POST',
    target: '/a?b',
    minorVersion: 1,
    fields: ['Host', 'h', 'Content-Length', '3', 'X-a', '\u00e4'],
    bodyBytes: 3,
    keepsAlive: true,
    expectsContinue: false,
    upgrade: undefined,
    flaw: undefined,
  });
});

test.each<[string, Partial<RequestHead>]>([
  ['GET / HTTP/1.1', { fields: [], bodyBytes: 0, keepsAlive: true }],
  ['\r\nGET / HTTP/1.1', { method: 'GET', target: '/' }],
  ['GET / HTTP/1.0', { minorVersion: 0, keepsAlive: false }],
  ['GET / HTTP/1.0\r\nConnection: keep-alive', { keepsAlive: true }],
  ['GET / HTTP/1.0\r\nConnection: keep-alive, close', { keepsAlive: false }],
  ['GET / HTTP/1.1\r\nConnection: close', { keepsAlive: false }],
  ['GET http://h/ HTTP/1.1', { target: 'http://h/' }],
  ['OPTIONS * HTTP/1.1', { target: '*' }],
  ['GET abc HTTP/1.1', { target: 'abc' }],
  ['POST / HTTP/1.1\r\nTransfer-Encoding: CHUNKED', { bodyBytes: 'unknown', flaw: undefined }],
  ['POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked', { bodyBytes: 'unknown', flaw: 'unsupported' }],
  ['POST / HTTP/1.1\r\nContent-Length: 0', { bodyBytes: 0 }],
  ['POST / HTTP/1.1\r\nExpect: 100-Continue', { expectsContinue: true, flaw: undefined }],
  ['POST / HTTP/1.1\r\nExpect: 100-continue\r\nExpect: 100-continue', { expectsContinue: true }],
  ['POST / HTTP/1.0\r\nExpect: 100-continue', { expectsContinue: false, flaw: undefined }],
  ['POST / HTTP/1.1\r\nExpect: x', { expectsContinue: false, flaw: 'expectation' }],
  ['POST / HTTP/1.1\r\nExpect: x\r\nExpect: 100-continue', { expectsContinue: false, flaw: 'expectation' }],
  ['CONNECT h:1 HTTP/1.1', { target: 'h:1', flaw: 'unsupported' }],
  ['GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: WebSocket', { upgrade: 'websocket' }],
  ['GET / HTTP/1.1\r\nUpgrade: h2c', { upgrade: undefined }],
  ['GET / HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: h2c', { upgrade: undefined }],
  ['GET / HTTP/1.1\r\na:1\r\na:2\r\na:3\r\na:4', { flaw: undefined }],
  ['GET / HTTP/1.1\r\na:1\r\na:2\r\na:3\r\na:4\r\na:5', { flaw: 'fields' }],
])('%j', (lines, expected) => {
  expect(read(lines)).toMatchObject(expected);
});

test.each([
  '',
  'GET',
  'GET /',
  'GET  / HTTP/1.1',
  'GET / HTTP/1.1 ',
  'GET /  HTTP/1.1',
  'GET\t/ HTTP/1.1',
  ' GET / HTTP/1.1',
  'GET  HTTP/1.1',
  '\r\n\r\nGET / HTTP/1.1',
  'get / HTTP/1.1',
  'GETT / HTTP/1.1',
  'PRI * HTTP/1.1',
  'GET /\u00e4 HTTP/1.1',
  'GET /\u007f HTTP/1.1',
  'GET / HTTP/2.0',
  'GET / HTTP/1.2',
  'GET / HTTP/0.9',
  'GET / HTTP/1.10',
  'GET / http/1.1',
  'GET / HTTP/1.1\r\nA',
  'GET / HTTP/1.1\r\nA : b',
  'GET / HTTP/1.1\r\n A: b',
  'GET / HTTP/1.1\r\nA: b\r\n c',
  'GET / HTTP/1.1\r\nContent-Length: -1',
  'GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1',
  'GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked',
  'GET / HTTP/1.1\r\nContent-Length:\t1',
  'GET / HTTP/1.1\r\nTransfer-Encoding: chunked\t',
  'GET / HTTP/1.1\r\nTransfer-Encoding: gzip',
  'GET / HTTP/1.1\r\nTransfer-Encoding:',
  'GET / HTTP/1.1\r\nTransfer-Encoding: chunked, gzip',
  'GET / HTTP/1.1\r\nTransfer-Encoding: xchunked',
  'GET / HTTP/1.0\r\nTransfer-Encoding: chunked',
])('%j is no head', (lines) => {
  expect(read(lines)).toBeUndefined();
});

test('names with an underscore are names, and frame nothing', () => {
  const lines = 'GET / HTTP/1.1\r\nA_b: 1\r\nContent_Length: 2\r\nC: 3';
  expect(read(lines)).toMatchObject({ fields: ['A_b', '1', 'Content_Length', '2', 'C', '3'], bodyBytes: 0 });
});
