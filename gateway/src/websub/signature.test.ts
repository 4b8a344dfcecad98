import { expect, test } from 'vitest';
import { isSigned, signatureOf } from './signature.ts';

const body = Buffer.from('{"Hello" : "World"}');
const terms = { secret: 'key', algorithm: 'sha256', header: 'x-hub-signature' } as const;

test('a signature is that of RFC 4231', () => {
  const message = Buffer.from('what do ya want for nothing?');
  expect(signatureOf('sha256', 'Jefe', message)).toBe(
    'sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  );
});

test('only who knows the secret has signed, with the algorithm that is asked for', () => {
  const good = signatureOf('sha256', 'key', body);
  expect(isSigned(good, terms, body)).toBe(true);
  expect(isSigned(good.toUpperCase(), terms, body)).toBe(true);
  for (const wrong of [
    '',
    'sha256=',
    good.slice(0, -1),
    `${good}0`,
    good.slice('sha256='.length),
    signatureOf('sha256', 'other', body),
    signatureOf('sha1', 'key', body),
    signatureOf('sha256', 'key', Buffer.from('other')),
  ])
    expect(isSigned(wrong, terms, body)).toBe(false);
});
