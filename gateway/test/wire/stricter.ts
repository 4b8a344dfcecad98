/** A reason for which `wire/` refuses what `node:http` takes. */
export interface Stricter {
  readonly name: string;
  readonly side: 'request' | 'response' | 'both';
  /** Bytes that we refuse and the oracle takes, for this reason alone. */
  readonly example: string;
  readonly why: string;
  /** Whether the bytes of a message, from its start on, hold what we refuse; `how` we did it. */
  readonly explains: (message: string, how: string) => boolean;
}

const chunked = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';

/** Every one of them; the differential test fails on a case that none of them explains. */
export const stricter: readonly Stricter[] = [
  {
    name: 'lines before a request',
    side: 'request',
    example: '\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n',
    why: 'One empty line is left over from old clients; more of them, or lone CR and LF, are no part of any request.',
    explains: (message) => /^(?:\r\n(?=[\r\n])|\n|\r(?!\n))/.test(message),
  },
  {
    name: 'lines before a response',
    side: 'response',
    example: '\r\nHTTP/1.1 204 No Content\r\n\r\n',
    why: 'Nothing may stand between two responses: it would belong to neither.',
    explains: (message) => /^[\r\n]/.test(message),
  },
  {
    name: 'spaces in a request line',
    side: 'request',
    example: 'GET  / HTTP/1.1\r\nHost: a\r\n\r\n',
    why: 'A request line has two spaces (RFC 9112, section 3); what splits at white space finds other targets.',
    explains: (message) => /^(?:\r\n)?(?:[^ \r\n]* {2}|[^ \r\n]* [^ \r\n]* {2})/.test(message),
  },
  {
    name: 'version of a request',
    side: 'request',
    example: 'GET / HTTP/2.0\r\nHost: a\r\n\r\n',
    why: 'Only HTTP/1.0 and HTTP/1.1 are framed as we frame them; a request without a version is HTTP/0.9.',
    explains: (message) => !/^(?:\r\n)?[^ \r\n]* [^ \r\n]* HTTP\/1\.[01]\r\n/.test(message),
  },
  {
    name: 'version of a response',
    side: 'response',
    example: 'HTTP/2.0 204 No Content\r\n\r\n',
    why: 'Only HTTP/1.0 and HTTP/1.1 are framed as we frame them.',
    explains: (message) => !/^HTTP\/1\.[01] /.test(message),
  },
  {
    name: 'PRI',
    side: 'request',
    example: 'PRI * HTTP/1.1\r\n\r\n',
    why: 'The word that opens HTTP/2 is no method, and `http.METHODS` has no such name.',
    explains: (message) => /^(?:\r\n)?PRI /.test(message),
  },
  {
    name: 'CONNECT',
    side: 'request',
    example: 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n',
    why: 'A gateway opens no tunnels.',
    explains: (message, how) => how === 'unsupported' && /^(?:\r\n)?CONNECT /.test(message),
  },
  {
    name: 'upgrade',
    side: 'request',
    example: 'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n',
    why: 'A gateway speaks no other protocol yet, and what follows could be one; the oracle drops a part of what follows.',
    explains: (message, how) => how === 'upgrade' && hasField(message, 'upgrade', /^/),
  },
  {
    name: 'expectation',
    side: 'request',
    example: 'GET / HTTP/1.1\r\nHost: a\r\nExpect: coffee\r\n\r\n',
    why: 'An expectation that nobody knows is met by nobody; answered with 417.',
    explains: (message, how) =>
      how === 'expectation' && hasField(message, 'expect', /^(?!100-continue[ \t]*$)/i),
  },
  {
    name: 'close beside keep-alive in HTTP/1.0',
    side: 'request',
    example: 'GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n',
    why: '`close` goes before `keep-alive` in every version (RFC 9112, section 9.3); what follows is read by nobody.',
    explains: (message) =>
      / HTTP\/1\.0\r\n/.test(headOf(message)) &&
      hasField(message, 'connection', /close/i) &&
      hasField(message, 'connection', /keep-alive/i),
  },
  {
    name: 'tab beside a length or a coding',
    side: 'both',
    example: 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n',
    why: 'Some take it for white space, some for a part of the value; the oracle itself does both, before and behind it.',
    explains: (message) =>
      hasField(message, 'transfer-encoding', /\t/) || hasField(message, 'content-length', /\t/),
  },
  {
    name: 'coding',
    side: 'both',
    example: 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    why: 'Only `chunked` alone is taken: what passes on another coding undone must name it, and backends disagree about the names.',
    explains: (message) => hasField(message, 'transfer-encoding', /^(?!chunked *$)/i),
  },
  {
    name: 'coding said twice',
    side: 'response',
    example: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    why: 'Chunks in chunks, or said by two: the oracle refuses it in requests (RFC 9112, section 6.1).',
    explains: (message) => (headOf(message).match(/\r\ntransfer-encoding:/gi)?.length ?? 0) > 1,
  },
  {
    name: 'coding before HTTP/1.1',
    side: 'both',
    example: 'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    why: 'Recipients before HTTP/1.1 know no codings, so such a message has two ends (RFC 9112, section 6.1).',
    explains: (message) =>
      / HTTP\/1\.0\r\n|^HTTP\/1\.0 /.test(headOf(message)) && hasField(message, 'transfer-encoding', /^/),
  },
  {
    name: 'long length',
    side: 'both',
    example: 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0000000000000001\r\n\r\nx',
    why: 'A length of more than 15 digits is no safe integer, or is written to confuse.',
    explains: (message) => hasField(message, 'content-length', /^[ \t]*\d{16,}[ \t]*$/),
  },
  {
    name: 'long chunk size',
    side: 'both',
    example: `${chunked}00000000000001\r\nx\r\n0\r\n\r\n`,
    why: 'A size of more than 13 digits is no safe integer, or is written to confuse.',
    explains: (message, how) => how === 'chunks' && /\r\n[\da-f]{14}/i.test(message),
  },
  {
    name: 'empty chunk extension',
    side: 'both',
    example: `${chunked}1;a=\r\nx\r\n0\r\n\r\n`,
    why: 'An extension has a name, and a value behind `=` (RFC 9112, section 7.1.1).',
    explains: (message, how) => how === 'chunks' && /\r\n[\da-f]+[^\r\n]*(?:;[;=]|=[;\r])/i.test(message),
  },
  {
    name: 'quotes within a chunk extension',
    side: 'both',
    example: `${chunked}1;a=b"c"\r\nx\r\n0\r\n\r\n`,
    why: 'A value is a token or quoted, and not one behind the other (RFC 9112, section 7.1.1).',
    explains: (message, how) => how === 'chunks' && /\r\n[\da-f]+;[^\r\n]*=[^\r\n;"]+"/i.test(message),
  },
  {
    name: 'long chunk extension',
    side: 'both',
    example: `${chunked}1;${'a'.repeat(4097)}\r\nx\r\n0\r\n\r\n`,
    why: 'What is no data is bounded, over all chunks of a body.',
    explains: (message, how) => how === 'chunks' && /\r\n[\da-f]+;[^\r\n]{4096}/i.test(message),
  },
  {
    name: 'framing field in trailers',
    side: 'both',
    example: `${chunked}0\r\nConnection: keep-alive\r\n\r\n`,
    why: 'It comes too late (RFC 9110, section 6.5.1); the oracle refuses most of them, and obeys `Connection: close`.',
    explains: (message, how) =>
      how === 'chunks' && /\r\n(?:connection|content-length|transfer-encoding):/i.test(bodyOf(message)),
  },
  {
    name: 'status below 100',
    side: 'response',
    example: 'HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n',
    why: 'No such status (RFC 9110, section 15).',
    explains: (message) => /^HTTP\/1\.[01] 0\d\d/.test(message),
  },
  {
    name: 'controls in a reason phrase',
    side: 'response',
    example: 'HTTP/1.1 200 \u0001\r\nContent-Length: 0\r\n\r\n',
    why: 'A reason phrase is text (RFC 9112, section 4).',
    explains: (message) => /^HTTP\/1\.[01] \d{3}/.test(message) && hasControls(lineOf(message)),
  },
  {
    name: 'interim response with a body',
    side: 'response',
    example: 'HTTP/1.1 103 Early Hints\r\nContent-Length: 3\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n',
    why: 'There is none (RFC 9110, section 8.6), and what follows could be taken for it.',
    explains: (message) =>
      /^HTTP\/1\.[01] 1/.test(message) &&
      (hasField(message, 'content-length', /[1-9]/) || hasField(message, 'transfer-encoding', /^/)),
  },
  {
    name: 'interim response that ends the connection',
    side: 'response',
    example: 'HTTP/1.0 103 Early Hints\r\n\r\n',
    why: 'The final response has to follow it; the oracle takes the interim one and refuses the final one.',
    explains: (message) =>
      message.startsWith('HTTP/1.0 1') ||
      (message.startsWith('HTTP/1.1 1') && hasField(message, 'connection', /close/i)),
  },
];

function lineOf(message: string): string {
  return message.split('\r\n', 1)[0] ?? '';
}

function hasControls(text: string): boolean {
  return Array.from(text).some((one) => (one < ' ' && one !== '\t') || one === '\u007f');
}

function headOf(message: string): string {
  const end = message.indexOf('\r\n\r\n', 2);
  return end === -1 ? message : message.slice(0, end + 2);
}

function bodyOf(message: string): string {
  return message.slice(headOf(message).length);
}

/** Whether the head has the field with such a value, white space included. */
function hasField(message: string, name: string, value: RegExp): boolean {
  return headOf(message)
    .split('\r\n')
    .some(
      (line) =>
        line.toLowerCase().startsWith(`${name}:`) &&
        value.test(line.slice(name.length + 1).replace(/^ +/, '')),
    );
}
