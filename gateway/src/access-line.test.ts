import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AccessLines } from './access-line.ts';
import type { ExchangeRecord } from './proxy/observe.ts';

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '/orders/1.0.0/items',
    '"',
    '\\',
    '\n\u0000\u001f\u007f',
    '\u2028\u2029',
    '\ud800',
    'a\udc00',
  ),
);
const ms = fc.oneof(
  fc.double({ min: 0, max: 1e9, noNaN: true }),
  fc.integer({ min: 0, max: 1e6 }),
  fc.constantFrom(0, 0.0004, 0.0005, 0.1, 0.9994, 0.9996, 1.01, 999.9999, 3.123456),
);
const perhaps = <Value>(some: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(some, { nil: undefined });
const anyRecord: fc.Arbitrary<ExchangeRecord> = fc.record({
  activityId: text,
  method: text,
  path: perhaps(text),
  api: perhaps(fc.record({ name: text, version: text })),
  operation: perhaps(text),
  status: perhaps(fc.integer({ min: 100, max: 999 })),
  code: perhaps(text),
  application: perhaps(text),
  keyType: perhaps(fc.constantFrom('PRODUCTION', 'SANDBOX')),
  levels: fc.constant([]),
  usage: fc.constant('none'),
  tokens: perhaps(fc.constant({ prompt: 3, completion: 4 })),
  over: fc.constantFrom([], ['burst'], ['subscription', 'burst']),
  refusedBy: perhaps(fc.record({ level: fc.constantFrom('burst', 'backend'), counter: text })),
  certain: fc.boolean(),
  aborted: fc.boolean(),
  bytesIn: fc.nat(Number.MAX_SAFE_INTEGER),
  bytesOut: fc.nat(Number.MAX_SAFE_INTEGER),
  durationMs: ms,
  limiterMs: perhaps(ms),
  backendMs: perhaps(ms),
});

const rounded = (value: number | undefined): number | undefined =>
  value === undefined ? undefined : Math.round(value * 1000) / 1000;

/** The same by the standard serializer. */
function plainLine(record: ExchangeRecord, wallMs: number): string {
  const { method, path, operation, status, code, application, keyType } = record;
  const { activityId, api, refusedBy, certain, aborted, bytesIn, bytesOut } = record;
  const fields = {
    level: 'info',
    time: new Date(wallMs).toISOString(),
    activityid: activityId,
    method,
    path,
    operation,
    status,
    code,
    application,
    keyType,
    certain,
    aborted,
    bytesIn,
    bytesOut,
    api: api?.name,
    version: api?.version,
    refusedBy: refusedBy?.level,
    counter: refusedBy?.counter,
    over: record.over.length === 0 ? undefined : record.over,
    tokens: record.tokens,
    durationMs: rounded(record.durationMs),
    limiterMs: rounded(record.limiterMs),
    backendMs: rounded(record.backendMs),
  };
  return `${JSON.stringify(fields)}\n`;
}

describe('a line of the access log', () => {
  test('is to the letter what the standard serializer writes, whatever a record holds', () => {
    const lines = new AccessLines();
    const moments = fc.integer({ min: 0, max: 4_000_000_000_000 });
    fc.assert(
      fc.property(anyRecord, moments, (record, wallMs) => {
        expect(lines.line(record, wallMs)).toBe(plainLine(record, wallMs));
      }),
      { numRuns: 2000 },
    );
  });
});
