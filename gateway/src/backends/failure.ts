import { errors } from 'undici';

/**
 * Why a backend gave no whole answer. `busy`: too many requests wait for it; `unreachable` and `connect-deadline`: no
 * connection; `silent`: it didn't answer, or not go on answering, in time; `broken`: it ended the connection;
 * `invalid`: what it sent isn't HTTP/1.1.
 */
export type BackendFailure = 'busy' | 'unreachable' | 'connect-deadline' | 'silent' | 'broken' | 'invalid';

/** Sorts undici's errors; `started` tells whether the request had its connection. */
export function failureOf(error: Error, started: boolean): BackendFailure {
  if (error instanceof errors.ConnectTimeoutError) return 'connect-deadline';
  if (!started) return 'unreachable';
  if (error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError)
    return 'silent';
  if (
    error instanceof errors.HTTPParserError ||
    error instanceof errors.HeadersOverflowError ||
    error instanceof errors.ResponseContentLengthMismatchError
  ) {
    return 'invalid';
  }
  return 'broken';
}
