import { METHODS } from 'node:http';
import { noField, readField, type Fields } from './fields.ts';
import { Framing } from './framing.ts';
import { octets, targetEnd, tokenEnd } from './octets.ts';

/** The head of a request, as it came. */
export interface RequestHead {
  readonly method: string;
  /** Visible ASCII; its form is not yet looked at. */
  readonly target: string;
  /** Of HTTP/1. */
  readonly minorVersion: 0 | 1;
  readonly fields: Fields;
  /** The body's length in bytes, 0 without a body, `unknown` when it comes in chunks. */
  readonly bodyBytes: number | 'unknown';
  /** Whether another request may follow on the connection. */
  readonly keepsAlive: boolean;
  /** Whether the client waits for a word before it sends the body. */
  readonly expectsContinue: boolean;
  /** The protocol the client would rather speak, in lower case. */
  readonly upgrade: string | undefined;
  /** Why a well-formed request can't be taken any further. */
  readonly flaw: RequestFlaw | undefined;
}

/** More fields than allowed; a transfer coding that isn't known, or CONNECT; an expectation that isn't known. */
export type RequestFlaw = 'fields' | 'unsupported' | 'expectation';

export interface RequestHeadRules {
  readonly fieldsMax: number;
}

const methods: ReadonlySet<string> = new Set(METHODS);
const versionLength = 'HTTP/1.1'.length;

/** Reads a whole head, its empty line included; undefined when it isn't one (RFC 9112, sections 2 to 6). */
export function readRequestHead(text: string, rules: RequestHeadRules): RequestHead | undefined {
  // One empty line before a request is left over from an older client's body (RFC 9112, section 2.2).
  const methodAt = text.startsWith('\r\n') ? 2 : 0;
  const methodEnd = tokenEnd(text, methodAt);
  const targetAt = methodEnd + 1;
  const versionAt = targetEnd(text, targetAt) + 1;
  const method = text.slice(methodAt, methodEnd);
  if (text.charCodeAt(methodEnd) !== octets.space || text.charCodeAt(versionAt - 1) !== octets.space)
    return undefined;
  if (versionAt - 1 === targetAt || !methods.has(method)) return undefined;
  const minorVersion = versionOf(text, versionAt);
  const fieldsAt = versionAt + versionLength + 2;
  if (minorVersion === undefined || !text.startsWith('\r\n', fieldsAt - 2)) return undefined;
  const lines = readLines(text, fieldsAt);
  if (lines === undefined) return undefined;
  const { framing, fields } = lines;
  const bodyBytes = bodyOf(framing, minorVersion);
  if (bodyBytes === undefined) return undefined;
  // A recipient before HTTP/1.1 may have passed the word on without knowing it (RFC 9110, section 7.8).
  const upgrades = minorVersion === 1 && lines.upgrade !== undefined && framing.says('upgrade');
  return {
    method,
    target: text.slice(targetAt, versionAt - 1),
    minorVersion,
    fields,
    bodyBytes,
    keepsAlive: framing.keepsAlive(minorVersion),
    expectsContinue: lines.expect === '100-continue' && minorVersion === 1,
    // HTTP/1.0 knows no other protocol (RFC 9110, section 7.8).
    upgrade: upgrades && minorVersion === 1 ? lines.upgrade : undefined,
    flaw: flawOf(method, lines, rules),
  };
}

interface Lines {
  readonly fields: Fields;
  readonly framing: Framing;
  upgrade: string | undefined;
  expect: string | undefined;
}

function readLines(text: string, from: number): Lines | undefined {
  const fields: string[] = [];
  const framing = new Framing();
  const lines: Lines = { fields, framing, upgrade: undefined, expect: undefined };
  const emptyLineAt = text.length - 2;
  let at = from;
  while (at < emptyLineAt) {
    at = readField(text, at, fields);
    if (at === noField) return undefined;
    const name = fields.at(-2) ?? '';
    const value = fields.at(-1) ?? '';
    framing.see(name, value);
    if (name.length === 6 && name.toLowerCase() === 'expect')
      lines.expect = bothExpected(lines.expect, value);
    else if (name.length === 7 && name.toLowerCase() === 'upgrade') lines.upgrade = value.toLowerCase();
  }
  return at === emptyLineAt && !framing.isAmbiguous(text) ? lines : undefined;
}

/** Two expectations are one list, in which the first isn't hidden by the second. */
function bothExpected(before: string | undefined, value: string): string {
  const expected = value.toLowerCase();
  return before === undefined || before === expected ? expected : `${before}, ${expected}`;
}

function versionOf(text: string, at: number): 0 | 1 | undefined {
  if (text.startsWith('HTTP/1.1', at)) return 1;
  return text.startsWith('HTTP/1.0', at) ? 0 : undefined;
}

/** The length of the body; undefined when it can't be known where it ends (RFC 9112, section 6.3). */
function bodyOf({ length, coding }: Framing, minorVersion: 0 | 1): number | 'unknown' | undefined {
  if (coding === undefined) return length ?? 0;
  // Recipients before HTTP/1.1 know no codings; a message that passed them has two ends.
  return minorVersion === 1 && /(?:^|,)[ \t]*chunked$/.test(coding) ? 'unknown' : undefined;
}

function flawOf(method: string, lines: Lines, rules: RequestHeadRules): RequestFlaw | undefined {
  const { fields, framing, expect } = lines;
  if (fields.length / 2 > rules.fieldsMax) return 'fields';
  if (method === 'CONNECT' || (framing.coding !== undefined && framing.coding !== 'chunked'))
    return 'unsupported';
  return expect === undefined || expect === '100-continue' ? undefined : 'expectation';
}
