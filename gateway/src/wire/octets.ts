/*
 * wire/ promises: bytes are read as HTTP/1.1 (RFC 9110, RFC 9112) in one way only, or not at all: nothing is repaired, and what
 * others could read in two ways is no message. What it writes can be read in one way only. It must not know sockets, clocks,
 * policies or answers; a reader is given bytes, a writer gives them.
 */

/** `tchar` of RFC 9110, section 5.6.2: what names and methods consist of. */
const inToken = 1;
/** What a field's value consists of: HTAB, SP, VCHAR and obs-text (RFC 9110, section 5.5). */
const inValue = 2;
const inTarget = 4;
const inDigits = 8;

/** What each octet may be part of. */
const uses: Uint8Array = Uint8Array.from({ length: 256 }, (_, octet) => {
  const character = String.fromCharCode(octet);
  const visible = octet > 0x20 && octet < 0x7f;
  let use = 0;
  if (/[\w!#$%&'*+.^`|~-]/.test(character)) use |= inToken;
  if (octet === 0x09 || octet === 0x20 || visible || octet >= 0x80) use |= inValue;
  if (visible) use |= inTarget;
  if (/\d/.test(character)) use |= inDigits;
  return use;
});

const notInValue = /[^\t\x20-\x7e\x80-\xff]/;

export const octets = {
  tab: 0x09,
  lf: 0x0a,
  cr: 0x0d,
  space: 0x20,
  quote: 0x22,
  colon: 0x3a,
  semicolon: 0x3b,
  equals: 0x3d,
  backslash: 0x5c,
} as const;

/** The first place from `at` on that isn't part of a token. */
export function tokenEnd(text: string, at: number): number {
  return end(text, at, inToken);
}

/** The first place from `at` on that can't stand in a field's value. Values are long: an expression looks at them faster than a loop. */
export function valueEnd(text: string, at: number): number {
  const cr = text.indexOf('\r', at);
  const lineEnd = cr === -1 ? Math.max(at, text.length) : cr;
  return notInValue.test(text.slice(at, lineEnd)) ? end(text, at, inValue) : lineEnd;
}

/** The first place from `at` on that can't stand in a request's target. Targets are visible ASCII (RFC 3986). */
export function targetEnd(text: string, at: number): number {
  return end(text, at, inTarget);
}

/** Whether a byte may stand in a token. */
export function isTokenOctet(octet: number): boolean {
  return ((uses[octet] ?? 0) & inToken) !== 0;
}

/** Whether a byte may stand in a field's value, or between the quotes of a chunk's extension. */
export function isValueOctet(octet: number): boolean {
  return ((uses[octet] ?? 0) & inValue) !== 0;
}

/** The number of a text of up to 15 digits; undefined for anything else. */
export function naturalNumber(text: string): number | undefined {
  return text.length > 0 && text.length <= 15 && end(text, 0, inDigits) === text.length
    ? Number(text)
    : undefined;
}

function end(text: string, from: number, use: number): number {
  let at = from;
  // A look behind the text's end would make every look slow: what is there has no octet.
  while (at < text.length && ((uses[text.charCodeAt(at)] ?? 0) & use) !== 0) at += 1;
  return at;
}
