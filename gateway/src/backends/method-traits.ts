import type { BackendRequest } from './backend-call.ts';

const withBody: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'PROPFIND', 'PROPPATCH', 'QUERY']);
const safe: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** A recipient may insist on a length where the method usually has a body (RFC 9110, section 8.6). */
export function usuallyHasBody(method: string): boolean {
  return withBody.has(method);
}

/** Nothing is lost by asking twice. */
export function isSafe(method: string): boolean {
  return safe.has(method);
}

/**
 * Whether backends are known to get such a request wrong: a body after the answer to HEAD would be taken for the next answer, a
 * body they don't expect for the next request.
 */
export function mayConfuse({ method, body }: BackendRequest): boolean {
  return method === 'HEAD' || (body !== undefined && !withBody.has(method));
}
