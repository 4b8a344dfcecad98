import { expect, test } from 'vitest';
import { Framing, isFramingField } from './framing.ts';

function framingOf(...lines: readonly string[]): Framing {
  const framing = new Framing();
  for (const line of lines) {
    const [name = '', ...value] = line.split(':');
    framing.see(name, value.join(':').replace(/^ +| +$/g, ''));
  }
  return framing;
}

test.each([
  [['Content-Length: 5']],
  [['content-length: 0']],
  [['TRANSFER-ENCODING: Chunked']],
  [['Content-Length2: x', 'Transfer_Encoding: x', 'Content_Length: x']],
])('%j has one end', (lines) => {
  expect(framingOf(...lines).isAmbiguous('')).toBe(false);
});

test.each([
  [['Content-Length: 5', 'Content-Length: 5']],
  [['Content-Length: 5', 'content-length: 6']],
  [['Content-Length: x', 'Content-Length: 5']],
  [['Content-Length: 5', 'Transfer-Encoding: chunked']],
  [['Transfer-Encoding: chunked', 'Content-Length: 5']],
  [['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked']],
  [['Content-Length: 5, 5']],
  [['Content-Length:']],
])('%j has two', (lines) => {
  expect(framingOf(...lines).isAmbiguous('')).toBe(true);
});

test.each([
  ['Content-Length:\t5', true],
  ['Content-Length: 5\t', true],
  ['CONTENT-LENGTH: 5 \t ', true],
  ['Content-Length: 5\r\nX-A: \tb\t', false],
])('a tab beside a length is one too many: %j', (lines, ambiguous) => {
  const framing = framingOf('Content-Length: 5');
  expect(framing.isAmbiguous(`POST / HTTP/1.1\r\n${lines}\r\n\r\n`)).toBe(ambiguous);
});

test.each([
  [['Connection: close'], 'close', true],
  [['Connection: x, Close'], 'close', true],
  [['Connection: x ,\tclose\t, y'], 'close', true],
  [['Connection: x', 'connection: close'], 'close', true],
  [['Connection: closed'], 'close', false],
  [['Connection: x-close'], 'close', false],
  [['Connection: close x'], 'close', false],
  [['Connection: \u00a0close'], 'close', false],
  [['Connection: "close"'], 'close', false],
  [['Connection: keep-alive'], 'keep-alive', true],
  [['Connection: Upgrade, HTTP2-Settings'], 'upgrade', true],
  [['Proxy-Connection: close'], 'close', false],
  [[], 'close', false],
] as const)('whether %j says %s: %s', (lines, option, said) => {
  expect(framingOf(...lines).says(option)).toBe(said);
});

test.each([
  [1, '', true],
  [1, 'close', false],
  [1, 'keep-alive, close', false],
  [0, '', false],
  [0, 'keep-alive', true],
  [0, 'keep-alive, close', false],
] as const)('HTTP/1.%s with %j: another message may follow: %s', (minorVersion, options, follows) => {
  expect(framingOf(`Connection: ${options}`).keepsAlive(minorVersion)).toBe(follows);
});

test('the fields that frame messages are known by any spelling', () => {
  for (const name of ['Connection', 'content-length', 'TRANSFER-ENCODING'])
    expect(isFramingField(name)).toBe(true);
  for (const name of ['Trailer', 'x-connection', 'content-lengths']) expect(isFramingField(name)).toBe(false);
});
