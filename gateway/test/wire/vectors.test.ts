import { expect, test } from 'vitest';
import { readRequests, readResponse, type Reading } from './reading.ts';
import { everySplit } from './splits.ts';
import { loadVectors } from './vectors.ts';

const vectors = loadVectors();

test('there are vectors of both sides, and each says what it is about', () => {
  expect(vectors.filter(({ side }) => side === 'request').length).toBeGreaterThan(100);
  expect(vectors.filter(({ side }) => side === 'response').length).toBeGreaterThan(40);
  expect(new Set(vectors.map(({ name }) => name)).size).toBe(vectors.length);
  for (const { name, about, cve, text } of vectors) {
    expect(about, name).not.toBe('');
    expect(text, name).not.toBe('');
    for (const id of cve) expect(id, name).toMatch(/^CVE-\d{4}-\d{4,}$/);
  }
});

test.each(vectors)('$name', ({ side, text, method, messages, end }) => {
  const splits =
    text.length > 2000 ? [[Buffer.from(text, 'latin1')], everySplit(text).at(-1)!] : everySplit(text);
  for (const pieces of splits) {
    const reading = side === 'request' ? readRequests(pieces) : readResponse(pieces, { method });
    expect({ messages: told(reading), end: reading.end }).toEqual({ messages, end });
  }
});

function told({ messages }: Reading): string[] {
  const whole = messages.filter(({ complete }) => complete);
  return whole.map(({ start, body, trailers }) =>
    [start, body, ...trailers].filter((part) => part !== '').join(' '),
  );
}
