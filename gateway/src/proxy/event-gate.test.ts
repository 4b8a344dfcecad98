import { beforeEach, describe, expect, test } from 'vitest';
import { limitOf } from '../../test/proxy/sample.ts';
import { FakeClock } from '../../test/support/fake-clock.ts';
import type { BackendReceiver } from '../backends/backend-call.ts';
import { counterKey } from '../limits/counter-key.ts';
import type { Verdict } from '../limiter/verdict.ts';
import { requestCharge } from '../policy/plan.ts';
import type { Fields } from '../wire/fields.ts';
import type { Admission } from './admit.ts';
import { EventGate } from './event-gate.ts';
import { EventMeter } from './event-meter.ts';

const limit = limitOf(10);
const charge = requestCharge('subscription', limit, counterKey('subscription-events', limit, ['s']));
const stream: Fields = ['content-type', 'text/event-stream', 'content-length', '99'];
const event = (name: string): string => `data: ${name}\n\n`;

describe('a gate of events', () => {
  let clock: FakeClock;
  let left: number;
  let asked: number[];
  let answersLater: boolean;
  let passed: string;
  let headFields: Fields;
  let seen: string[];
  let gate: EventGate;
  let flows: boolean;

  const verdictOn = (units: number): Verdict => {
    const standing = { charge, remaining: left, resetsInMs: 500 };
    if (units > left) {
      const because = 'over-limit' as const;
      return { admitted: false, standings: [standing], certain: true, refused: standing, because };
    }
    left -= units;
    return { admitted: true, standings: [standing], certain: true };
  };

  beforeEach(() => {
    clock = new FakeClock();
    left = 10;
    asked = [];
    answersLater = false;
    passed = '';
    seen = [];
    headFields = [];
    flows = true;
    const next: BackendReceiver = {
      interim() {},
      head: (_, fields) => {
        headFields = fields;
      },
      data: (bytes) => {
        passed += bytes.toString();
        return flows;
      },
      flush() {},
      end: () => seen.push('end'),
      failed: (failure) => seen.push(failure),
      switched() {},
    };
    const admission: Admission = {
      admit: (charges) => {
        const { cost } = charges[0]!;
        asked.push(cost);
        const verdict = verdictOn(cost);
        return answersLater ? Promise.resolve(verdict) : verdict;
      },
    };
    gate = new EventGate(next, {
      meter: new EventMeter([charge], admission),
      control: { resume: () => seen.push('resume'), abort: () => seen.push('abort') },
      events: {
        opened: () => seen.push('opened'),
        exceeded: ({ refused }) => seen.push(`exceeded ${refused.charge.level}`),
        bug: (error) => expect.unreachable(String(error)),
      },
    });
  });
  const data = (text: string): boolean => gate.data(Buffer.from(text));

  test('passes what is no stream as it is, unpaid', () => {
    gate.head(200, ['content-type', 'application/json', 'content-length', '2']);
    expect(data('{}')).toBe(true);
    gate.end([]);
    expect([passed, headFields.length, asked, seen]).toEqual(['{}', 4, [], ['end']]);
  });

  test('pays for events of one piece together, when they begin, and leaves what is between them alone', () => {
    gate.head(200, stream);
    expect(headFields).toEqual(['content-type', 'text/event-stream']);
    const text = `: hello\n\n${event('a')}${event('b')}data: `;
    expect(data(text)).toBe(true);
    expect(data(`c\n\n: bye\n\n`)).toBe(true);
    gate.end([]);
    expect([passed, asked, left]).toEqual([`${text}c\n\n: bye\n\n`, [3], 7]);
    expect(seen).toEqual(['opened', 'end']);
  });

  test('ends a stream before the first event that cannot be paid', async () => {
    gate.head(200, stream);
    left = 3;
    data(event('1'));
    expect(data(`${event('2')}${event('3')}${event('4')}${event('5')}`)).toBe(false);
    await clock.turn();
    expect(passed).toBe(event('1') + event('2') + event('3'));
    expect([asked, left]).toEqual([[1, 4, 2], 0]);
    expect(seen).toEqual(['opened', 'abort', 'exceeded subscription', 'end']);
    data(event('6'));
    gate.end([]);
    gate.failed('broken');
    expect(seen).toHaveLength(4);
    expect(passed).not.toContain('6');
  });

  test('lets the end of an event that was paid pass when the next one cannot be', async () => {
    gate.head(200, stream);
    left = 1;
    data('data: 1');
    data(`2\n\n${event('3')}`);
    await clock.turn();
    expect(passed).toBe('data: 12\n\n');
  });

  test('holds what comes while the store is asked, in order, and goes on then', async () => {
    gate.head(200, stream);
    answersLater = true;
    const pieces = [event('1'), event('2') + event('3'), 'da', 'ta: 4\n\n'];
    expect(pieces.map(data)).toEqual([false, false, false, false]);
    expect(passed).toBe('');
    gate.end([]);
    expect(seen).toEqual(['opened']);
    for (let turn = 0; turn < 10; turn += 1) await clock.turn();
    expect([passed, asked, seen]).toEqual([pieces.join(''), [1, 2, 1], ['opened', 'end']]);
  });

  test('lets the body flow again when it was paid, unless the client is slow', async () => {
    gate.head(200, stream);
    answersLater = true;
    data(event('1'));
    await clock.turn();
    expect(seen).toEqual(['opened', 'resume']);
    flows = false;
    data(event('2'));
    await clock.turn();
    expect(seen).toEqual(['opened', 'resume']);
  });

  test('a backend that breaks off meanwhile is told at once, and nothing follows', async () => {
    gate.head(200, stream);
    answersLater = true;
    data(event('1'));
    gate.failed('broken');
    await clock.turn();
    expect([passed, seen]).toEqual(['', ['opened', 'broken']]);
  });
});
