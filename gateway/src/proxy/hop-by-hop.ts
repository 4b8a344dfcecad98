import type { Address } from '../identity/address.ts';
import { fieldValues, type Fields } from './fields.ts';

/** Fields of one connection, never forwarded (RFC 9110, section 7.6.1), and what travels with them. */
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]);

/** What this gateway writes itself into every request to a backend, or answers itself. */
const ownRequestFields: ReadonlySet<string> = new Set([
  'activityid',
  'content-length',
  'expect',
  'host',
  'trailer',
]);

/** What only a trusted proxy may say about the client; from anybody else it is dropped. */
const claimsAboutClient = /^(?:forwarded|x-real-ip|x-forwarded-.+)$/;

/** What this gateway says about the client; a trusted proxy's word about it is taken in, not passed on. */
const ownClaims: ReadonlySet<string> = new Set(['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto']);

/** Makes the fields of the request to the backend; `Host` is left to the connection. */
export function requestFields(request: {
  readonly fields: Fields;
  readonly apiKeyHeader: string;
  readonly activityId: string;
  readonly authority: string;
  readonly bodyBytes: number | 'unknown';
  readonly peer: Address | undefined;
  readonly peerIsTrusted: boolean;
}): string[] {
  const { fields, apiKeyHeader, peerIsTrusted, bodyBytes } = request;
  const named = connectionOptions(fieldValues(fields, 'connection'));
  const kept: string[] = [];
  for (let at = 0; at < fields.length; at += 2) {
    const written = fields[at] ?? '';
    const name = written.toLowerCase();
    if (named?.has(name) === true || hopByHop.has(name) || ownRequestFields.has(name)) continue;
    if (name === apiKeyHeader || ownClaims.has(name)) continue;
    if (!peerIsTrusted && claimsAboutClient.test(name)) continue;
    kept.push(written, fields[at + 1] ?? '');
  }
  if (typeof bodyBytes === 'number' && bodyBytes > 0) kept.push('content-length', String(bodyBytes));
  const told = (name: string): string =>
    peerIsTrusted && named?.has(name) !== true ? fieldValues(fields, name).join(', ') : '';
  const before = told('x-forwarded-for');
  const peer = request.peer?.text ?? 'unknown';
  kept.push('x-forwarded-for', before === '' ? peer : `${before}, ${peer}`);
  kept.push('x-forwarded-host', told('x-forwarded-host') || request.authority);
  kept.push('x-forwarded-proto', told('x-forwarded-proto') || 'http');
  kept.push('via', '1.1 sluice', 'activityid', request.activityId);
  return kept;
}

/**
 * Makes the fields of the answer to the client: the backend's without those of its connection, then the gateway's own,
 * which replace the backend's of the same name. Trailers aren't announced: the client's connection may not carry them.
 */
export function answerFields(answer: {
  readonly status: number;
  /** Their names are in lower case. */
  readonly backendFields: Fields;
  readonly ownFields: Fields;
}): string[] {
  const { status, backendFields, ownFields } = answer;
  const named = connectionOptions(fieldValues(backendFields, 'connection'));
  const own = new Set<string>();
  for (let at = 0; at < ownFields.length; at += 2) own.add(ownFields[at]?.toLowerCase() ?? '');
  const kept: string[] = [];
  for (let at = 0; at < backendFields.length; at += 2) {
    const name = backendFields[at] ?? '';
    if (named?.has(name) === true || hopByHop.has(name) || own.has(name) || name === 'trailer') continue;
    if (status === 204 && name === 'content-length') continue;
    kept.push(name, backendFields[at + 1] ?? '');
  }
  kept.push(...ownFields);
  return kept;
}

/** What a message must not say after its body, because recipients decide by it before (RFC 9110, section 6.5.1). */
const neverTrailers: ReadonlySet<string> = new Set([
  'authorization',
  'cache-control',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'host',
  'ratelimit',
  'ratelimit-policy',
  'retry-after',
  'set-cookie',
  'trailer',
  'www-authenticate',
]);

/** The backend's trailers that may follow the body to the client. */
export function answerTrailers(trailers: Fields): string[] {
  const kept: string[] = [];
  for (let at = 0; at < trailers.length; at += 2) {
    const name = (trailers[at] ?? '').toLowerCase();
    if (!hopByHop.has(name) && !neverTrailers.has(name)) kept.push(name, trailers[at + 1] ?? '');
  }
  return kept;
}

/** The fields that the Connection field ties to this connection; undefined in the usual case that there are none. */
function connectionOptions(values: readonly string[]): ReadonlySet<string> | undefined {
  if (values.length === 0) return undefined;
  const options = values.join(',').split(',');
  return new Set(options.map((option) => option.trim().toLowerCase()));
}
