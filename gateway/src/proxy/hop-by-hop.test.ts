import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAddress } from '../identity/address.ts';
import type { Fields } from '../wire/fields.ts';
import { fieldValues } from './fields.ts';
import { answerFields, answerTrailers, requestFields } from './hop-by-hop.ts';

function sent(fields: Fields, more: Partial<Parameters<typeof requestFields>[0]> = {}): string[] {
  return requestFields({
    fields,
    apiKeyHeader: 'apikey',
    activityId: 'id-1',
    authority: 'gateway.example:8280',
    bodyBytes: 0,
    peer: parseAddress('192.0.2.1'),
    peerIsTrusted: false,
    underscores: false,
    extensions: true,
    uncompressed: false,
    scheme: 'http' as const,
    ...more,
  });
}

const own = [
  'x-forwarded-for',
  '192.0.2.1',
  'x-forwarded-host',
  'gateway.example:8280',
  'x-forwarded-proto',
  'http',
  'via',
  '1.1 sluice',
  'activityid',
  'id-1',
];

describe('the request to a backend', () => {
  test('keeps what concerns both ends, as it was written and in its order', () => {
    const kept = [
      'Accept',
      '*/*',
      'Cookie',
      'a=1',
      'X-A',
      '1',
      'x-a',
      '2',
      'Via',
      '1.0 fred',
      'Authorization',
      'B',
    ];
    expect(sent(kept)).toEqual([...kept, ...own]);
  });

  test('has no field of the client connection', () => {
    const hop = [
      'Connection',
      'Keep-Alive',
      'Proxy-Connection',
      'TE',
      'Trailer',
      'Transfer-Encoding',
      'Upgrade',
    ];
    const fields = [...hop, 'Proxy-Authorization', 'Proxy-Authenticate', 'Expect', 'Host', 'Content-Length'];
    expect(sent(fields.flatMap((name) => [name, 'x-unrelated']))).toEqual(own);
  });

  test('has no field that Connection names, in any case and any of its lists', () => {
    const fields = ['X-A', '1', 'X-B', '2', 'x-a', '3', 'Connection', 'close, x-A ', 'connection', 'X-b'];
    expect(sent(fields)).toEqual(own);
  });

  test("naming the gateway's own fields in Connection doesn't take them away", () => {
    const names = ['activityid', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'via'];
    expect(sent(['Connection', names.join(', ')])).toEqual(own);
    expect(sent(['Connection', 'content-length'], { bodyBytes: 5 })).toContain('content-length');
  });

  test('never has the API key, however its header is spelled', () => {
    expect(sent(['ApiKey', 'secret', 'APIKEY', 'secret', 'apikey', 'secret'])).toEqual(own);
  });

  test('tells the length of a body that has one', () => {
    expect(fieldValues(sent([], { bodyBytes: 12 }), 'content-length')).toEqual(['12']);
    expect(fieldValues(sent([], { bodyBytes: 'unknown' }), 'content-length')).toEqual([]);
  });

  test("says who the client is; a stranger's own word about it is dropped", () => {
    const claims = ['X-Forwarded-For', '1.1.1.1', 'X-Forwarded-Proto', 'https', 'X-Forwarded-Host', 'evil'];
    const more = ['Forwarded', 'for=1.1.1.1', 'X-Real-IP', '1.1.1.1', 'X-Forwarded-Port', '1'];
    expect(sent([...claims, ...more])).toEqual(own);
  });

  test("a trusted proxy's word about the client is kept and continued", () => {
    const claims = ['X-Forwarded-For', '1.1.1.1', 'x-forwarded-for', '2.2.2.2', 'X-Forwarded-Proto', 'https'];
    const fields = sent([...claims, 'X-Forwarded-Host', 'shop', 'Forwarded', 'for=1.1.1.1'], {
      peerIsTrusted: true,
    });
    expect(fieldValues(fields, 'x-forwarded-for')).toEqual(['1.1.1.1, 2.2.2.2, 192.0.2.1']);
    expect(fieldValues(fields, 'x-forwarded-proto')).toEqual(['https']);
    expect(fieldValues(fields, 'x-forwarded-host')).toEqual(['shop']);
    expect(fieldValues(fields, 'forwarded')).toEqual(['for=1.1.1.1']);
  });

  test('names one activity id, and one client, whatever was sent', () => {
    const name = fc.constantFrom(
      'activityid',
      'ActivityId',
      'x-forwarded-for',
      'X-Forwarded-FOR',
      'Connection',
      'X-A',
    );
    const value = fc.constantFrom('activityid', 'x-forwarded-for', '9.9.9.9', 'close');
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value)), (fields) => {
        expect(fieldValues(sent(fields.flat()), 'activityid')).toEqual(['id-1']);
        expect(fieldValues(sent(fields.flat()), 'x-forwarded-for')).toEqual(['192.0.2.1']);
      }),
    );
  });
});

describe('the answer to a client', () => {
  test("is the backend's without the fields of its connection", () => {
    const kept = ['content-type', 'text/plain', 'set-cookie', 'a=1', 'set-cookie', 'b=2'];
    const connection = ['connection', 'keep-alive, X-Hop', 'keep-alive', 'timeout=5', 'x-hop', '1'];
    const framing = ['transfer-encoding', 'chunked', 'trailer', 'x-checksum'];
    const backendFields = [...kept, ...connection, ...framing];
    expect(answerFields({ status: 200, backendFields, ownFields: ['activityid', 'id-1'] })).toEqual([
      ...kept,
      'activityid',
      'id-1',
    ]);
  });

  test("has the gateway's own fields in place of the backend's", () => {
    const backendFields = ['ratelimit', '"theirs";r=1', 'ratelimit-policy', 'x', 'activityid', 'y', 'a', '1'];
    const ownFields = ['RateLimit-Policy', 'p', 'RateLimit', 'r', 'activityid', 'id-1'];
    expect(answerFields({ status: 200, backendFields, ownFields })).toEqual(['a', '1', ...ownFields]);
  });

  test('varies by what either side varies by, and leaves word of CORS to the gateway where that has any', () => {
    const backendFields = ['vary', 'accept', 'access-control-allow-origin', '*', 'a', '1'];
    const ownFields = ['Vary', 'Origin'];
    const sent = (ownsCors: boolean) => answerFields({ status: 200, backendFields, ownFields, ownsCors });
    expect(sent(true)).toEqual(['vary', 'accept', 'a', '1', 'Vary', 'Origin']);
    expect(sent(false)).toEqual([...backendFields, ...ownFields]);
  });

  test('a 204 tells no length', () => {
    const backendFields = ['content-length', '0'];
    expect(answerFields({ status: 204, backendFields, ownFields: [] })).toEqual([]);
    expect(answerFields({ status: 304, backendFields, ownFields: [] })).toEqual(['content-length', '0']);
  });

  test('has only those trailers that may come after a body', () => {
    const trailers = ['X-Checksum', 'abc', 'content-length', '1', 'Set-Cookie', 'a=1', 'connection', 'close'];
    expect(answerTrailers(trailers)).toEqual(['x-checksum', 'abc']);
  });
});

test('where answers are read, backends are asked not to compress them', () => {
  const fields = ['Accept-Encoding', 'gzip, br', 'Accept', '*/*'];
  expect(sent(fields).slice(0, 4)).toEqual(['Accept-Encoding', 'gzip, br', 'Accept', '*/*']);
  expect(sent(fields, { uncompressed: true }).slice(0, 4)).toEqual([
    'Accept',
    '*/*',
    'accept-encoding',
    'identity',
  ]);
});
