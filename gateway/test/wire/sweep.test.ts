import { expect, test } from 'vitest';
import { compare } from './compare.ts';
import type { Generated } from './generator.ts';
import { readAnswers, RequestOracle } from './oracle.ts';
import { readStream } from './reading.ts';

const token = "!#$%&'*+.0-9A-Z^_`a-z|~-";
const chunked = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';

/** Each place takes every octet in turn where `?` stands; the numbers are those that we take. */
const places: readonly (readonly [place: string, template: string, taken: string])[] = [
  ['before a method', '?GET / HTTP/1.1\r\nHost: a\r\n\r\n', ''],
  ['a method', 'G?T / HTTP/1.1\r\nHost: a\r\n\r\n', 'E'],
  ['behind a method', 'GET?/ HTTP/1.1\r\nHost: a\r\n\r\n', ' '],
  ['a target', 'GET /a?b HTTP/1.1\r\nHost: a\r\n\r\n', '!-~'],
  ["a target's start", 'GET ?b HTTP/1.1\r\nHost: a\r\n\r\n', '!-~'],
  ['a query', 'GET /a?x?b HTTP/1.1\r\nHost: a\r\n\r\n', '!-~'],
  ['behind a target', 'GET /?HTTP/1.1\r\nHost: a\r\n\r\n', ' '],
  ['a version', 'GET / HTTP/1.?\r\nHost: a\r\n\r\n', '01'],
  ['a major version', 'GET / HTTP/?.1\r\nHost: a\r\n\r\n', '1'],
  ["a version's name", 'GET / HTT?/1.1\r\nHost: a\r\n\r\n', 'P'],
  ['behind a version', 'GET / HTTP/1.1?\r\nHost: a\r\n\r\n', ''],
  ['a name', 'GET / HTTP/1.1\r\nA?b: c\r\n\r\n', `:${token}`],
  ["a name's start", 'GET / HTTP/1.1\r\n?b: c\r\n\r\n', token],
  ['behind a name', 'GET / HTTP/1.1\r\nA?: c\r\n\r\n', `:${token}`],
  ['a value', 'GET / HTTP/1.1\r\nA: b?c\r\n\r\n', '\t -~\u0080-\u00ff'],
  ["a value's start", 'GET / HTTP/1.1\r\nA:?c\r\n\r\n', '\t -~\u0080-\u00ff'],
  ["a value's end", 'GET / HTTP/1.1\r\nA: b?\r\n\r\n', '\t -~\u0080-\u00ff'],
  ['a line end', 'GET / HTTP/1.1\r\nA: b\r?\r\n\r\n', '\n'],
  ['a length', 'POST / HTTP/1.1\r\nContent-Length: ?\r\n\r\n', '0-9'],
  ['behind a length', 'POST / HTTP/1.1\r\nContent-Length: 1?\r\n\r\n', ' 0-9'],
  ['before a coding', 'POST / HTTP/1.1\r\nTransfer-Encoding: ?chunked\r\n\r\n0\r\n\r\n', ' ,'],
  ['behind a coding', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked?\r\n\r\n0\r\n\r\n', ' '],
  [
    'an option of the connection',
    'GET / HTTP/1.1\r\nConnection: close?\r\n\r\nGET / HTTP/1.1\r\n\r\n',
    '\t -~\u0080-\u00ff',
  ],
  ['a chunk size', `${chunked}?\r\n`, '0-9A-Fa-f'],
  ['behind a chunk size', `${chunked}1?\r\n`, '0-9A-Fa-f'],
  ['behind a chunk line', `${chunked}1\r?x\r\n0\r\n\r\n`, '\n'],
  ['behind a chunk', `${chunked}1\r\nx?\n0\r\n\r\n`, '\r'],
  ["a chunk extension's name", `${chunked}1;?\r\nx\r\n0\r\n\r\n`, token],
  ["a chunk extension's value", `${chunked}1;a=b?c\r\nx\r\n0\r\n\r\n`, `;${token}`],
  ["a chunk extension's quotes", `${chunked}1;a="b?c"\r\nx\r\n0\r\n\r\n`, '\t !#-~\u0080-\u00ff'],
  ['behind a backslash in them', `${chunked}1;a="\\?"\r\nx\r\n0\r\n\r\n`, '\t -~\u0080-\u00ff'],
  ["a trailer's name", `${chunked}0\r\nA?b: c\r\n\r\n`, `:${token}`],
  ["a trailer's value", `${chunked}0\r\nA: b?c\r\n\r\n`, '\t -~\u0080-\u00ff'],
  ['behind the trailers', `${chunked}0\r\nA: b\r\n\r?\r\n\r\n`, '\n'],
  ["a response's version", 'HTTP/1.? 204 x\r\n\r\n', '01'],
  ['before a status', 'HTTP/1.1?204 x\r\n\r\n', ' '],
  ['a status', 'HTTP/1.1 2?4 x\r\n\r\n', '0-9'],
  ['behind a status', 'HTTP/1.1 204?x\r\n\r\n', ' '],
  ['a reason phrase', 'HTTP/1.1 204 a?b\r\n\r\n', '\t -~\u0080-\u00ff'],
  ["a response's value", 'HTTP/1.1 204 x\r\nA: b?c\r\n\r\n', '\t -~\u0080-\u00ff'],
];

test.each(places)(
  'every octet in %s: ours is what we say, and the oracle takes it too',
  async (_, template, taken) => {
    const at = template.lastIndexOf('?');
    const streams = Array.from({ length: 256 }, (_, octet): Generated => {
      const text = `${template.slice(0, at)}${String.fromCharCode(octet)}${template.slice(at + 1)}`;
      const side = template.startsWith('HTTP/') ? 'response' : 'request';
      return { side, text, pieces: [Buffer.from(text, 'latin1')], method: 'GET', ends: false };
    });
    const isResponse = streams[0]!.side === 'response';
    const oracles = await (isResponse ? readAnswers(streams) : new RequestOracle().read(streams));
    const ours = streams.map((stream) => readStream(stream));
    const mistakes = streams.flatMap((stream, octet) => {
      const comparison = compare(stream, ours[octet]!, oracles[octet]!);
      return 'what' in comparison ? [`${octet}: ${comparison.is} ${comparison.what}`] : [];
    });
    expect(mistakes).toEqual([]);
    const isTaken = (octet: number): boolean => ours[octet]!.end !== 'rejected';
    const expected = octetsOf(taken);
    expect(streams.flatMap((_, octet) => (isTaken(octet) ? [octet] : []))).toEqual(expected);
  },
);

/** The octets of a list of characters and ranges. */
function octetsOf(list: string): number[] {
  const ranges = list.match(/[^]-[^]|[^]/g) ?? [];
  const octets = ranges.flatMap((range) => {
    const first = range.charCodeAt(0);
    return Array.from({ length: range.charCodeAt(range.length - 1) - first + 1 }, (_, more) => first + more);
  });
  return octets.sort((a, b) => a - b);
}
