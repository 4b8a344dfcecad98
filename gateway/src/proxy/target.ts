import { fieldValues } from './fields.ts';
import type { RequestHead } from './exchange.ts';
import { causes, type Refusal } from './refusal.ts';

/** A request target in its one spelling, by which it is routed, counted and forwarded. */
export interface Target {
  /** Starts with a slash; no empty and no dot segment; every escape is needed and in upper case. */
  readonly path: string;
  /** As it was sent, with its question mark; empty when there is none. */
  readonly query: string;
  /** The authority the client named: host, and port if given. */
  readonly authority: string;
}

const targetBytesMax = 8 * 1024;
const badTarget: Refusal = { cause: causes.badTarget };
const badHost: Refusal = { cause: causes.badHost };
const longTarget: Refusal = { cause: causes.longTarget, closes: true };

/** Brings the target to its one spelling, or refuses what backends could read in two ways. */
export function readTarget(head: RequestHead): Target | Refusal {
  if (head.target.length > targetBytesMax) return longTarget;
  const authority = readAuthority(fieldValues(head.fields, 'host'));
  if (authority === undefined) return badHost;
  const origin = originForm(head.target, authority);
  if (typeof origin !== 'string') return origin;
  const queryAt = origin.indexOf('?');
  const query = queryAt === -1 ? '' : origin.slice(queryAt);
  const path = canonicalPath(queryAt === -1 ? origin : origin.slice(0, queryAt));
  if (path === undefined || (query !== '' && !plainQuery.test(query))) return badTarget;
  return { path, query, authority };
}

const authoritySyntax = /^(?:[\w.-]+|\[[\da-fA-F:.]+\])(?::\d{1,5})?$/;

function readAuthority(hosts: readonly string[]): string | undefined {
  const [host] = hosts;
  return hosts.length === 1 && host !== undefined && authoritySyntax.test(host) ? host : undefined;
}

/** Turns `http://host/path` into `/path` when it names the host the Host header names. */
function originForm(target: string, authority: string): string | Refusal {
  if (target.startsWith('/')) return target;
  const [, named, rest] = /^https?:\/\/([^/?#\\]*)(.*)$/i.exec(target) ?? [];
  if (named === undefined || rest === undefined) return badTarget;
  if (named.toLowerCase() !== authority.toLowerCase()) return badHost;
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** Characters that mean themselves in a path, written or escaped (RFC 3986: pchar, without the escapes). */
const plainPath = /^[\w.~!$&'()*+,;=:@/-]*$/;
/** An empty segment, or one that some backend resolves: dots, also before a path parameter. */
const ambiguousPath = /\/\/|\/\.\.?(?:[/;]|%3B|$)/;
/** Anything printable but what would end the query or the request line. */
const plainQuery = /^[!"$-~]*$/;

/** Paths that are in their one spelling already, as nearly all are: no escape, no empty segment, and none that starts with a dot. */
const canonicalAlready = /^(?:\/[\w~!$&'()*+,;=:@-][\w.~!$&'()*+,;=:@-]*)+\/?$/;

/** The path in its one spelling; undefined when it has none. */
export function canonicalPath(written: string): string | undefined {
  if (canonicalAlready.test(written)) return written;
  const path = plainPath.test(written) ? written : respell(written);
  if (path === undefined || !path.startsWith('/') || ambiguousPath.test(path)) return undefined;
  return path;
}

const unreserved = /^[\w.~-]$/;
/** A slash, a backslash or NUL, which some backends would decode. */
const neverEscaped = /%(?:2F|5C|00)/;

/** Decodes escapes that aren't needed, writes the others in upper case, and escapes what may not stand unescaped. */
function respell(written: string): string | undefined {
  // Everything that may never stand in a path, and a per cent sign that starts no escape.
  if (/[^!-~]|[#\\?]|%(?![\da-fA-F]{2})/.test(written)) return undefined;
  const path = written.replace(/%..|["<>[\]^`{|}]/g, (found) => {
    if (found.length === 1) return `%${found.charCodeAt(0).toString(16).toUpperCase()}`;
    const decoded = String.fromCharCode(Number.parseInt(found.slice(1), 16));
    return unreserved.test(decoded) ? decoded : found.toUpperCase();
  });
  return neverEscaped.test(path) ? undefined : path;
}
