import { expect, test } from 'vitest';
import { BodyReader } from './body-reader.ts';
import { chunksEnd, chunkStart, fieldLines, lastChunk, requestLine, statusLine } from './message-writer.ts';
import { readRequestHead } from './request-head.ts';
import { readResponseHead } from './response-head.ts';

const fields = ['Host', 'a', 'X-B', '', 'x-c', '\u00e4 b'];

test('a request that was written reads as it was', () => {
  const text = `${requestLine('PUT', '/a?b')}${fieldLines(fields)}\r\n`;
  const head = readRequestHead(text, { fieldsMax: 10 });
  expect(head).toMatchObject({ method: 'PUT', target: '/a?b', minorVersion: 1, fields });
});

test('every status that was written reads as it was', () => {
  for (let status = 200; status < 1000; status += 1) {
    const text = `${statusLine(status)}${fieldLines(fields)}\r\n`;
    expect(readResponseHead(text, 'GET', { fieldsMax: 10 })?.status).toBe(status);
  }
  expect(statusLine(404)).toBe('HTTP/1.1 404 Not Found\r\n');
  expect(statusLine(599)).toBe('HTTP/1.1 599 Unknown\r\n');
});

test('chunks and trailers that were written read as they were', () => {
  for (const size of [1, 9, 10, 15, 16, 17, 255, 256, 65_536]) {
    const data = 'x'.repeat(size);
    const bytes = Buffer.from(`${chunkStart(size)}${data}\r\n${chunksEnd(['T', '1'])}`);
    const reader = new BodyReader('chunked', { extensionBytesMax: 0, trailerBytesMax: 10 });
    const part = reader.read(bytes, 0);
    expect([part.data.toString() === data, part.end, reader.done]).toEqual([true, bytes.length, true]);
    expect(reader.trailers).toEqual(['T', '1']);
  }
  expect(chunksEnd([])).toBe(lastChunk);
});
