import { describe, expect, test } from 'vitest';
import { Told } from '../../test/support/scripted-backend.ts';
import { AnswerReader, type AnswerStanding } from './answer-reader.ts';
import { PooledCall } from './pooled-call.ts';

const nobody = { resume: () => {}, abandon: () => {} };

function readAll(pieces: readonly string[], method = 'GET', upgrade?: string) {
  const told = new Told();
  const call = new PooledCall({ method, path: '/', fields: [], body: undefined, upgrade }, told, nobody);
  const reader = new AnswerReader();
  let standing: AnswerStanding = 'open';
  for (const piece of pieces) {
    if (standing === 'open') standing = reader.read(Buffer.from(piece, 'latin1'), call);
  }
  return { standing, told, reader };
}

const ok = 'HTTP/1.1 200 OK\r\n';
const answers: readonly [string, string, string, readonly string[]][] = [
  ['of known length', `${ok}A: 1\r\nContent-Length: 5\r\n\r\nhello`, 'hello', ['200']],
  ['without a body', 'HTTP/1.1 204 No Content\r\n\r\n', '', ['204']],
  [
    'in chunks, with trailers',
    `${ok}Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nX-Sum: 7\r\n\r\n`,
    'hello',
    ['200'],
  ],
  [
    'after interim ones',
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${ok}Content-Length: 2\r\n\r\nok`,
    'ok',
    ['103?', '200'],
  ],
];

describe('an answer', () => {
  test.each(answers)('%s is the same wherever its bytes are split', (_, bytes, body, events) => {
    for (let at = 0; at <= bytes.length; at += 1) {
      const { standing, told, reader } = readAll([bytes.slice(0, at), bytes.slice(at)]);
      expect({ at, standing, body: told.body, events: told.events }).toEqual({
        at,
        standing: 'complete',
        body,
        events,
      });
      expect(reader.trailers).toEqual(bytes.includes('X-Sum') ? ['X-Sum', '7'] : []);
    }
    const { standing, told } = readAll(bytes.split(''));
    expect([standing, told.body, told.events]).toEqual(['complete', body, events]);
  });

  test('ends where its bytes end, even if more follow', () => {
    const first = `${ok}Content-Length: 2\r\n\r\nok`;
    expect(readAll([`${first}HTTP/1.1 200`]).reader.end).toBe(first.length);
    const chunks = `${ok}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n`;
    expect(readAll([`${chunks}x`]).reader.end).toBe(chunks.length);
  });

  test('to HEAD has no body, whatever its length says', () => {
    const { standing, told } = readAll([`${ok}Content-Length: 5\r\n\r\n`], 'HEAD');
    expect([standing, told.body]).toEqual(['complete', '']);
  });

  test('without a length ends with its connection alone', () => {
    const { standing, told, reader } = readAll([`${ok}\r\nhel`, 'lo']);
    expect([standing, told.body, reader.endsWithConnection]).toEqual(['open', 'hello', true]);
    expect(readAll([`${ok}Content-Length: 9\r\n\r\nhel`]).reader.endsWithConnection).toBe(false);
    expect(readAll([ok]).reader.endsWithConnection).toBe(false);
  });

  test.each([
    ['something else than HTTP', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
    ['a head with a lone line feed', 'HTTP/1.1 200 OK\nA: 1\r\n\r\n'],
    ['a head over 16 KiB', `${ok}X: ${'x'.repeat(17_000)}\r\n\r\n`],
    ['a head over 16 KiB without an end', `${ok}X: ${'x'.repeat(17_000)}`],
    ['more than 200 fields', `${ok}${'a: b\r\n'.repeat(201)}\r\n`],
    ['more than 20 interim heads', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(21)],
    ['a change of protocol nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n'],
    ['broken chunks', `${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhello!\r\n`],
    ['a coding nobody decodes', `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
  ])('is invalid if it is %s', (_, bytes) => {
    expect(readAll([bytes]).standing).toBe('invalid');
    expect(readAll(bytes.split('')).standing).toBe('invalid');
  });

  test('changes the protocol if that was asked, and its bytes end there', () => {
    const head = 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n';
    const { standing, reader } = readAll([`${head}first`], 'GET', 'x');
    expect([standing, reader.end]).toEqual(['switched', head.length]);
  });

  test('flows again after a pause, even if what comes next is no data', () => {
    const told = new Told();
    const call = new PooledCall({ method: 'GET', path: '/', fields: [], body: undefined }, told, nobody);
    const reader = new AnswerReader();
    told.takesMore = false;
    reader.read(Buffer.from(`${ok}Transfer-Encoding: chunked\r\n\r\n3\r\nhel`), call);
    expect(reader.flows).toBe(false);
    reader.read(Buffer.from('\r\n'), call);
    expect(reader.flows).toBe(true);
  });

  test('is not told any further once its call is given up', () => {
    const told = new Told();
    const call = new PooledCall({ method: 'GET', path: '/', fields: [], body: undefined }, told, nobody);
    told.onHead = () => {
      call.abort();
    };
    const bytes = Buffer.from(`${ok}Content-Length: 2\r\n\r\nok`);
    expect([new AnswerReader().read(bytes, call), told.body]).toEqual(['over', '']);
  });
});
