import type { Random } from '../support/random.ts';
import { maybeMutated } from './mutation.ts';
import {
  conflicts,
  connectionOptions,
  expectations,
  methods,
  oddCodings,
  oddExtensions,
  oddFields,
  oddLengths,
  oddReasons,
  oddSizes,
  oddStatuses,
  oddTargets,
  oddVersions,
} from './odd-parts.ts';

/*
 * Streams of HTTP/1.1 for the differential test: written by a grammar whose choices include what attackers choose, then changed
 * here and there.
 */

/** A stream in pieces, and whose side sends it. */
export interface Generated {
  readonly side: 'request' | 'response';
  readonly text: string;
  readonly pieces: readonly Buffer[];
  /** Of the request that a response answers. */
  readonly method: string;
  /** Whether the connection ends behind a response. */
  readonly ends: boolean;
}

export function generate(random: Random): Generated {
  if (random.below(5) < 3) return generateRequests(random, usualTargets);
  const method = random.pick(['GET', 'GET', 'POST', 'HEAD']);
  const text = maybeMutated(responses(random), random);
  return { side: 'response', text, pieces: split(text, random), method, ends: random.chance(0.5) };
}

/** What a client sends, mostly to these targets and with these fields. */
export function generateRequests(
  random: Random,
  targets: readonly string[],
  first: readonly string[] = [],
): Generated {
  const requests = repeat(random.pick([1, 1, 1, 2, 2, 3]), () => request(random, targets, first));
  const text = maybeMutated(requests, random);
  return { side: 'request', text, pieces: split(text, random), method: 'GET', ends: false };
}

/** Cuts a text into pieces of chance: one, a few, or one of each byte. */
function split(text: string, random: Random): Buffer[] {
  const bytes = Buffer.from(text, 'latin1');
  const cuts = random.pick([0, 0, 1, 1, 2, 3, 8, 40]);
  const places = new Set([0, ...Array.from({ length: cuts }, () => random.below(bytes.length + 1))]);
  const sorted = [...places].sort((a, b) => a - b);
  return sorted.map((from, at) => bytes.subarray(from, sorted[at + 1])).filter(({ length }) => length > 0);
}

const usualVersions = [...Array.from({ length: 12 }, () => 'HTTP/1.1'), 'HTTP/1.0'];
const usualTargets = ['/', '/a/b?c=d', '/%2e%2e/x', 'http://h/x', '*'];

function request(random: Random, targets: readonly string[], first: readonly string[]): string {
  const { fields, body } = content(random);
  fields.unshift(...first);
  const method = rarely(random, 0.05, methods, ['GET', 'POST', 'PUT', 'DELETE', 'PATCH']);
  const target = rarely(random, 0.06, oddTargets, targets);
  const version = rarely(random, 0.02, oddVersions, usualVersions);
  const between = random.chance(0.02) ? random.pick(['  ', '\t', '\r\n', '']) : ' ';
  const before = random.chance(0.02) ? random.pick(['\r\n', '\r\n\r\n', '\n', '\r', ' ']) : '';
  const line = `${before}${method}${between}${target} ${version}${lineEnd(random)}`;
  return `${line}${fieldLines(fields, random)}${lineEnd(random)}${body}`;
}

function responses(random: Random): string {
  const interim = random.chance(0.15) ? repeat(1 + random.below(3), () => response(random, oddInterim)) : '';
  return `${interim}${response(random)}${random.chance(0.1) ? response(random) : ''}`;
}

const oddInterim = ['100', '102', '103', '103', '101', '199'];
const statuses = ['200', '200', '200', '201', '204', '205', '206', '304', '404', '500', '999'];

function response(random: Random, from: readonly string[] = statuses): string {
  const interim = from === oddInterim;
  const { fields, body } = interim && random.chance(0.9) ? { fields: [], body: '' } : content(random);
  const version = rarely(random, 0.02, oddVersions, usualVersions);
  const status = random.chance(0.02) ? random.pick(oddStatuses) : random.pick(from);
  const reason = rarely(random, 0.05, oddReasons, [' OK', ' Not Found', ' ']);
  return `${version} ${status}${reason}${lineEnd(random)}${fieldLines(fields, random)}${lineEnd(random)}${body}`;
}

/** Fields and a body that mostly fit together. */
function content(random: Random): { fields: string[]; body: string } {
  const fields = Array.from({ length: random.below(4) }, () => field(random));
  const kind = random.below(10);
  let body = '';
  if (kind < 3) {
    body = data(random);
    const length = random.chance(0.06) ? random.pick(oddLengths) : String(body.length);
    fields.splice(random.below(fields.length + 1), 0, `${spelled('Content-Length', random)}: ${length}`);
  } else if (kind < 7) {
    body = chunks(random);
    const coding = rarely(random, 0.07, oddCodings, ['chunked']);
    fields.splice(random.below(fields.length + 1), 0, `${spelled('Transfer-Encoding', random)}: ${coding}`);
  }
  if (random.chance(0.03)) fields.push(random.pick(conflicts));
  if (random.chance(0.12)) fields.push(`${spelled('Connection', random)}: ${random.pick(connectionOptions)}`);
  if (random.chance(0.04)) fields.push(`${spelled('Expect', random)}: ${random.pick(expectations)}`);
  if (random.chance(0.03))
    fields.push(random.pick(['Upgrade: websocket', 'Upgrade: h2c', 'HTTP2-Settings: AA']));
  return { fields, body };
}

function field(random: Random): string {
  if (random.chance(0.015)) return random.pick(oddFields);
  const name = random.pick(['X-Host', 'Accept', 'X-A', 'x_b', "!#$%&'*+-.^_`|~9", 'Cookie', 'Content-Type']);
  const value = random.pick([
    'a',
    'gateway.example',
    '',
    '"q", w',
    'a  b',
    ' padded ',
    '\tx\t',
    '\u00fc',
    'x'.repeat(200),
  ]);
  return `${name}:${random.pick([' ', ' ', '', '\t'])}${value}`;
}

function fieldLines(fields: readonly string[], random: Random): string {
  return fields.map((line) => `${line}${lineEnd(random)}`).join('');
}

function lineEnd(random: Random): string {
  return random.chance(0.002) ? random.pick(['\n', '\r', '\r\r\n', '\n\r', '']) : '\r\n';
}

function data(random: Random): string {
  return random.pick([
    '',
    'a',
    'hello',
    '0\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    '\r\n',
    'x'.repeat(300),
    '\0\u00ff',
  ]);
}

function chunks(random: Random): string {
  const body = repeat(random.below(4), () => {
    const bytes = data(random) || 'z';
    const size = random.chance(0.02) ? random.pick(oddSizes) : hex(bytes.length, random);
    return `${size}${extension(random)}${lineEnd(random)}${bytes}${lineEnd(random)}`;
  });
  const last = rarely(random, 0.05, ['00', '0x0', '-0', ''], ['0']);
  const trailers = Array.from({ length: random.chance(0.3) ? 1 + random.below(3) : 0 }, () =>
    random.chance(0.1) ? random.pick([...conflicts, ...oddFields]) : random.pick(['T: 1', 'Trailing: x y']),
  );
  return `${body}${last}${extension(random)}${lineEnd(random)}${fieldLines(trailers, random)}${lineEnd(random)}`;
}

function hex(size: number, random: Random): string {
  const digits = size.toString(16);
  return random.pick([digits, digits.toUpperCase(), `0${digits}`]);
}

function extension(random: Random): string {
  if (random.chance(0.85)) return '';
  return random.chance(0.3)
    ? random.pick(oddExtensions)
    : random.pick([';a', ';a=b', ';a="q\\"d;=\t "', ';a;b=c']);
}

function spelled(name: string, random: Random): string {
  return random.chance(0.7) ? name : random.pick([name.toLowerCase(), name.toUpperCase()]);
}

function rarely<T>(random: Random, probability: number, odd: readonly T[], usual: readonly T[]): T {
  return random.chance(probability) ? random.pick(odd) : random.pick(usual);
}

function repeat(times: number, make: () => string): string {
  return Array.from({ length: times }, make).join('');
}
