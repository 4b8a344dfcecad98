import { errors } from 'undici';
import { expect, test } from 'vitest';
import { failureOf, type BackendFailure } from './failure.ts';

test.each<[Error, boolean, BackendFailure]>([
  [new errors.ConnectTimeoutError(), false, 'connect-deadline'],
  [Object.assign(new Error(), { code: 'ECONNREFUSED' }), false, 'unreachable'],
  [Object.assign(new Error(), { code: 'ENOTFOUND' }), false, 'unreachable'],
  [Object.assign(new Error(), { code: 'ECONNRESET' }), false, 'unreachable'],
  [Object.assign(new Error(), { code: 'ECONNRESET' }), true, 'broken'],
  [new errors.SocketError('other side closed'), true, 'broken'],
  [new errors.HeadersTimeoutError(), true, 'silent'],
  [new errors.BodyTimeoutError(), true, 'silent'],
  [new errors.HTTPParserError('bad'), true, 'invalid'],
  [new errors.HeadersOverflowError(), true, 'invalid'],
  [new errors.ResponseContentLengthMismatchError(), true, 'invalid'],
])('%s with a connection: %s is %s', (error, started, failure) => {
  expect(failureOf(error, started)).toBe(failure);
});
