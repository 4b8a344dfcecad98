import { STATUS_CODES } from 'node:http';
import type { Fields } from './fields.ts';

const statusLines: readonly string[] = Array.from(
  { length: 1000 },
  (_, status) => `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\n`,
);

/** The last chunk of a body without trailers. */
export const lastChunk = '0\r\n\r\n';

/** A request line. The path is visible ASCII and starts with a slash. */
export function requestLine(method: string, path: string): string {
  return `${method} ${path} HTTP/1.1\r\n`;
}

/** A status line, with the standard's words: nobody reads a backend's. */
export function statusLine(status: number): string {
  return statusLines[status] ?? `HTTP/1.1 ${status} Unknown\r\n`;
}

/** Field lines. Names and values were read by this folder, or can hold no line ends. */
export function fieldLines(fields: Fields): string {
  let lines = '';
  for (let at = 0; at < fields.length; at += 2) lines += `${fields[at]}: ${fields[at + 1]}\r\n`;
  return lines;
}

/** What stands before the data of a chunk; behind it stands CR LF. The size isn't 0: that would be the last chunk. */
export function chunkStart(bytes: number): string {
  return `${bytes.toString(16)}\r\n`;
}

/** The last chunk and the trailers behind it. */
export function chunksEnd(trailers: Fields): string {
  return trailers.length === 0 ? lastChunk : `0\r\n${fieldLines(trailers)}\r\n`;
}
