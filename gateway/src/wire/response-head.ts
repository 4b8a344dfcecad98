import { noField, readField, type Fields } from './fields.ts';
import { Framing } from './framing.ts';
import { naturalNumber, octets, valueEnd } from './octets.ts';

/** The head of a response, interim ones included. */
export interface ResponseHead {
  readonly status: number;
  /** Names in lower case. */
  readonly fields: Fields;
  /** The body's length in bytes, `chunked`, or `until-close` when the connection's end ends it. */
  readonly body: number | 'chunked' | 'until-close';
  /** Whether another request may follow on the connection. */
  readonly keepsAlive: boolean;
}

export interface ResponseHeadRules {
  readonly fieldsMax: number;
}

/**
 * Reads a whole head, its empty line included; undefined when it isn't one, or when the body's end can't be told for sure.
 * The method of the request decides whether there is a body (RFC 9112, section 6.3).
 */
export function readResponseHead(
  text: string,
  method: string,
  rules: ResponseHeadRules,
): ResponseHead | undefined {
  const minorVersion = versionOf(text);
  const status = naturalNumber(text.slice(9, 12));
  if (minorVersion === undefined || status === undefined || status < 100) return undefined;
  const lineEnd = text.charCodeAt(12) === octets.space ? valueEnd(text, 13) : 12;
  if (!text.startsWith('\r\n', lineEnd)) return undefined;
  const fields: string[] = [];
  const framing = new Framing();
  const emptyLineAt = text.length - 2;
  let at = lineEnd + 2;
  while (at < emptyLineAt) {
    at = readField(text, at, fields);
    if (at === noField || fields.length / 2 > rules.fieldsMax) return undefined;
    const name = (fields.at(-2) ?? '').toLowerCase();
    fields[fields.length - 2] = name;
    framing.see(name, fields.at(-1) ?? '');
  }
  if (at !== emptyLineAt || framing.isAmbiguous(text)) return undefined;
  // Recipients before HTTP/1.1 know no codings; a message that passed them has two ends.
  if (minorVersion === 0 && framing.coding !== undefined) return undefined;
  const body = bodyOf(framing, status, method);
  const keepsAlive = framing.keepsAlive(minorVersion) && body !== 'until-close';
  // Another response follows an interim one.
  if (body === undefined || (status < 200 && !keepsAlive)) return undefined;
  return { status, fields, body, keepsAlive: keepsAlive && !(status === 204 && announcesBody(framing)) };
}

function versionOf(text: string): 0 | 1 | undefined {
  if (text.startsWith('HTTP/1.1 ')) return 1;
  return text.startsWith('HTTP/1.0 ') ? 0 : undefined;
}

/** Where there can't be a body, but its sender may send one all the same. */
function announcesBody({ length, coding }: Pick<Framing, 'length' | 'coding'>): boolean {
  return coding !== undefined || (length ?? 0) > 0;
}

function bodyOf(
  { length, coding }: Framing,
  status: number,
  method: string,
): ResponseHead['body'] | undefined {
  // A coding that isn't known could hide the body's end, or reach the client under a wrong name.
  if (coding !== undefined && coding !== 'chunked') return undefined;
  // What follows an interim response could be its body or the next one.
  if (status < 200) return announcesBody({ length, coding }) ? undefined : 0;
  if (method === 'HEAD' || status === 204 || status === 304) return 0;
  return coding ?? length ?? 'until-close';
}
