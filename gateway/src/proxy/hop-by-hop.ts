import type { Address } from '../identity/address.ts';
import type { Fields } from '../wire/fields.ts';
import { fieldValues, isNamed, NameSieve } from './fields.ts';

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

const requestSieve = new NameSieve(
  [...hopByHop, ...ownRequestFields, 'forwarded', 'x-real-ip'],
  ['x-forwarded-'],
);

/** Whether a client's field ends at this gateway, whatever the Connection field names. */
function endsHere(written: string, peerIsTrusted: boolean): boolean {
  if (!requestSieve.passes(written)) return false;
  const name = written.toLowerCase();
  if (hopByHop.has(name) || ownRequestFields.has(name) || ownClaims.has(name)) return true;
  return !peerIsTrusted && claimsAboutClient.test(name);
}

interface RequestParts {
  readonly fields: Fields;
  /** In lower case; absent where no key, or no token, is kept from the backend. */
  readonly apiKeyHeader: string | undefined;
  readonly tokenHeader?: string | undefined;
  readonly activityId: string;
  readonly authority: string;
  readonly bodyBytes: number | 'unknown';
  readonly peer: Address | undefined;
  readonly peerIsTrusted: boolean;
  /** By which the client reached this gateway. */
  readonly scheme: 'http' | 'https';
  /** Whether names with `_` are passed on; some backends take `X_Real_IP` for `X-Real-IP`. */
  readonly underscores: boolean;
  /** Whether a WebSocket may have extensions. */
  readonly extensions: boolean;
  /** Whether the backend is asked for an answer that isn't compressed, whatever the client takes. */
  readonly uncompressed: boolean;
}

/** Makes the fields of the request to the backend; `Host` is left to the connection. */
export function requestFields(request: RequestParts): string[] {
  const { fields, apiKeyHeader, tokenHeader, peerIsTrusted, bodyBytes } = request;
  const { underscores, extensions, uncompressed } = request;
  const named = connectionOptions(fieldValues(fields, 'connection'));
  const kept: string[] = [];
  for (let at = 0; at < fields.length; at += 2) {
    const written = fields[at] ?? '';
    if (endsHere(written, peerIsTrusted)) continue;
    if (apiKeyHeader !== undefined && isNamed(written, apiKeyHeader)) continue;
    if (tokenHeader !== undefined && isNamed(written, tokenHeader)) continue;
    if (named?.has(written.toLowerCase()) === true) continue;
    if (!underscores && written.includes('_')) continue;
    if (!extensions && isNamed(written, 'sec-websocket-extensions')) continue;
    if (uncompressed && isNamed(written, 'accept-encoding')) continue;
    kept.push(written, fields[at + 1] ?? '');
  }
  if (uncompressed) kept.push('accept-encoding', 'identity');
  if (typeof bodyBytes === 'number' && bodyBytes > 0) kept.push('content-length', String(bodyBytes));
  tellOfClient(kept, request, named);
  kept.push('via', '1.1 sluice', 'activityid', request.activityId);
  return kept;
}

function tellOfClient(kept: string[], request: RequestParts, named: ReadonlySet<string> | undefined): void {
  const { fields, authority, scheme, peerIsTrusted } = request;
  const peer = request.peer?.text ?? 'unknown';
  if (!peerIsTrusted) {
    kept.push('x-forwarded-for', peer, 'x-forwarded-host', authority, 'x-forwarded-proto', scheme);
    return;
  }
  const told = (name: string): string =>
    named?.has(name) === true ? '' : fieldValues(fields, name).join(', ');
  const before = told('x-forwarded-for');
  kept.push('x-forwarded-for', before === '' ? peer : `${before}, ${peer}`);
  kept.push('x-forwarded-host', told('x-forwarded-host') || authority);
  kept.push('x-forwarded-proto', told('x-forwarded-proto') || scheme);
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
  /** Whether the gateway says alone which web pages may read it. */
  readonly ownsCors?: boolean;
}): string[] {
  const { status, backendFields, ownFields, ownsCors = false } = answer;
  const named = connectionOptions(fieldValues(backendFields, 'connection'));
  const kept: string[] = [];
  for (let at = 0; at < backendFields.length; at += 2) {
    const name = backendFields[at] ?? '';
    if (answerSieve.passes(name) && (hopByHop.has(name) || name === 'trailer')) continue;
    if (named?.has(name) === true) continue;
    // Both sides may have something that their answers vary by.
    if (name !== 'vary' && has(ownFields, name)) continue;
    if (ownsCors && name.startsWith('access-control-')) continue;
    if (status === 204 && name === 'content-length') continue;
    kept.push(name, backendFields[at + 1] ?? '');
  }
  for (const text of ownFields) kept.push(text);
  return kept;
}

const answerSieve = new NameSieve([...hopByHop, 'trailer']);

function has(fields: Fields, name: string): boolean {
  for (let at = 0; at < fields.length; at += 2) if (isNamed(fields[at], name)) return true;
  return false;
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
  const [first] = values;
  if (first === undefined) return undefined;
  const list = values.length === 1 ? first : values.join(',');
  // What nearly every Connection field says: the field it names never goes on.
  if (isNamed(list, 'keep-alive')) return undefined;
  const options = list.split(',').map((option) => option.trim().toLowerCase());
  return new Set(options);
}
