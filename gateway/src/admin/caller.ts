import type { IncomingMessage } from 'node:http';
import { isIP, type Socket } from 'node:net';
import { text, type Page } from './page.ts';

interface Caller {
  readonly headers: IncomingMessage['headers'];
  readonly socket: Pick<Socket, 'remoteAddress'>;
}

const forbidden = (why: string): Page => text(403, `${why}\n`);
const elsewhere = forbidden('Only from this machine.');
const fromBrowser = forbidden('Not from a web page.');
const withBody: Page = text(413, 'This takes no body.\n');

/**
 * Why a request may not change anything, or undefined when it may. It comes from this machine, and from no web page that a browser
 * here shows: browsers name the page's origin, or send what a form sends, or name a host that somebody made lead here.
 */
export function whyForbidden({ headers, socket }: Caller): Page | undefined {
  if (!isLoopback(socket.remoteAddress)) return elsewhere;
  if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined) return fromBrowser;
  const contentType = headers['content-type'];
  if (contentType !== undefined && !/^application\/json(?:;|$)/i.test(contentType)) return fromBrowser;
  if (!isOwnName(headers.host)) return fromBrowser;
  const hasBody = (headers['content-length'] ?? '0') !== '0' || headers['transfer-encoding'] !== undefined;
  return hasBody ? withBody : undefined;
}

function isLoopback(address = ''): boolean {
  return address === '::1' || /^(?:::ffff:)?127\./.test(address);
}

/** An address, or `localhost`: no other name can be trusted to mean this machine. */
function isOwnName(host = ''): boolean {
  const name = host.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1');
  return name.toLowerCase() === 'localhost' || isIP(name) !== 0;
}
