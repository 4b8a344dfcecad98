import type { IncomingMessage } from 'node:http';
import { isIP, type Socket } from 'node:net';
import { ApiError } from './api/api-error.ts';
import { requireScope, type Authority } from './api/authority.ts';
import { text, type Page } from './page.ts';

interface Caller {
  readonly headers: IncomingMessage['headers'];
  readonly socket: Pick<Socket, 'remoteAddress'>;
}

const forbidden = (why: string): Page => text(403, `${why}\n`);
const elsewhere = forbidden('Only from this machine, or with a token.');
const fromBrowser = forbidden('Not from a web page.');
const withBody: Page = text(413, 'This takes no body.\n');

/**
 * Why a request may not change anything, or undefined when it may: with one of the operator's tokens from anywhere, without one from
 * this machine.
 */
export function whyForbidden(
  caller: Caller,
  authority: Pick<Authority, 'identify'> | undefined,
): Page | undefined {
  const refusal = whyUntrusted(caller, authority);
  if (refusal !== undefined) return refusal;
  const { 'content-length': length = '0', 'transfer-encoding': coding } = caller.headers;
  return length === '0' && coding === undefined ? undefined : withBody;
}

function whyUntrusted(caller: Caller, authority: Pick<Authority, 'identify'> | undefined): Page | undefined {
  const { headers, socket } = caller;
  if (headers.authorization === undefined || authority === undefined) return whyNotFromHere(caller);
  try {
    requireScope(authority.identify(headers.authorization, socket.remoteAddress ?? ''), []);
    return undefined;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // Without tokens there is nothing to prove.
    return error.status === 404 ? whyNotFromHere(caller) : text(error.status, `${error.message}\n`);
  }
}

/**
 * No web page that a browser of this machine shows may do it either: browsers name the page's origin, or send what a form sends, or
 * name a host that somebody made lead here.
 */
function whyNotFromHere({ headers, socket }: Caller): Page | undefined {
  if (!isLoopback(socket.remoteAddress)) return elsewhere;
  if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined) return fromBrowser;
  const contentType = headers['content-type'];
  if (contentType !== undefined && !/^application\/json(?:;|$)/i.test(contentType)) return fromBrowser;
  return isOwnName(headers.host) ? undefined : fromBrowser;
}

function isLoopback(address = ''): boolean {
  return address === '::1' || /^(?:::ffff:)?127\./.test(address);
}

/** An address, or `localhost`: no other name can be trusted to mean this machine. */
function isOwnName(host = ''): boolean {
  const name = host.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1');
  return name.toLowerCase() === 'localhost' || isIP(name) !== 0;
}
