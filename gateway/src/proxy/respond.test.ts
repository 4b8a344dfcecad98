import { describe, expect, test } from 'vitest';
import { causes, overLimit, type Refusal } from './refusal.ts';
import { refusalAnswer } from './respond.ts';

const nowWallMs = Date.UTC(2026, 2, 4, 10, 14, 58, 400);

function written(refusal: Refusal, retryAfter: 'seconds' | 'http-date' = 'seconds') {
  const answer = refusalAnswer(refusal, { nowWallMs, retryAfter });
  const fields = Object.fromEntries(
    answer.fields.flatMap((name, at) => (at % 2 === 0 ? [[name, answer.fields[at + 1]]] : [])),
  );
  return { ...answer, fields };
}

describe('a refusal in writing', () => {
  test("a quota's is WSO2's to the byte, with the first second at which it surely admits again", () => {
    const { status, body, fields } = written({
      cause: overLimit.application,
      retryAfterMs: 1001,
      accessInMs: 1001,
    });
    expect(status).toBe(429);
    expect(body).toBe(
      '{"code":"900803","message":"Message throttled out","description":"You have exceeded your quota ' +
        '.You can access API after 2026-Mar-04 10:15:00+0000 UTC","nextAccessTime":"2026-Mar-04 10:15:00+0000 UTC"}',
    );
    expect(fields).toEqual({
      'Content-Type': 'application/json',
      'Content-Length': String(body.length),
      'Retry-After': '2',
    });
  });

  test("without a known time it is WSO2's shorter text", () => {
    expect(written({ cause: overLimit.burst }).body).toBe(
      '{"code":"900807","message":"Message throttled out","description":"You have exceeded your quota"}',
    );
  });

  test.each([
    [0, '1'],
    [1, '1'],
    [1000, '1'],
    [1001, '2'],
    [59_999, '60'],
  ])('a wait of %d ms is %s s: rounded up, never 0', (retryAfterMs, seconds) => {
    expect(written({ cause: overLimit.burst, retryAfterMs }).fields['Retry-After']).toBe(seconds);
  });

  test('the moment to come back can be told as a date, which is never too early', () => {
    const dateOf = (retryAfterMs: number): unknown =>
      written({ cause: overLimit.burst, retryAfterMs }, 'http-date').fields['Retry-After'];
    expect(dateOf(600)).toBe('Wed, 04 Mar 2026 10:14:59 GMT');
    expect(dateOf(601)).toBe('Wed, 04 Mar 2026 10:15:00 GMT');
    expect(dateOf(0)).toBe('Wed, 04 Mar 2026 10:14:59 GMT');
  });

  test('every 429 and 503 says when to come back, other refusals do not', () => {
    for (const cause of [...Object.values(causes), ...Object.values(overLimit)]) {
      const { fields, status } = written({ cause });
      expect('Retry-After' in fields, cause.code).toBe(status === 429 || status === 503);
    }
  });

  test('every 401 says how to authenticate', () => {
    for (const cause of Object.values(causes)) {
      expect('WWW-Authenticate' in written({ cause }).fields, cause.code).toBe(cause.status === 401);
    }
  });

  test('a general fault has the form of WSO2, all values being strings', () => {
    expect(written({ cause: causes.noApi }).body).toBe(
      '{"code":"404","type":"Status report","message":"Runtime Error",' +
        '"description":"No matching resource found for given API Request"}',
    );
  });

  test('every body is one JSON object of strings, without a wrapper', () => {
    for (const cause of [...Object.values(causes), ...Object.values(overLimit)]) {
      const { code, message = 'Runtime Error', description } = cause;
      const type = cause.message === undefined ? { type: 'Status report' } : {};
      expect(written({ cause }).body).toBe(JSON.stringify({ code, ...type, message, description }));
    }
  });

  test('a wrong method tells the right ones', () => {
    expect(written({ cause: causes.wrongMethod, allow: 'GET, OPTIONS' }).fields['Allow']).toBe(
      'GET, OPTIONS',
    );
  });
});
