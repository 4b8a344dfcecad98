import { expect, test } from 'vitest';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { Hub } from './hub.ts';
import { MemoryBook } from './memory-book.ts';

test('so many events may be coming; one that is over makes room, also when nobody says so', () => {
  const clock = new FakeClock();
  const recorder = { delivery: () => {}, verified: () => {} };
  const allowed = { callbackHosts: [], callbackNetworks: [] };
  const hub = new Hub({ book: new MemoryBook(clock), allowed, clock, recorder, reportBug: () => {} });
  const events = Array.from({ length: 256 }, () => ({ over: false }));
  expect(events.every((event) => hub.enter(event))).toBe(true);
  expect(hub.enter({ over: false })).toBe(false);
  hub.leave(events[0]!);
  expect(hub.enter({ over: false })).toBe(true);
  expect(hub.enter({ over: false })).toBe(false);
  events[1]!.over = true;
  expect(hub.enter({ over: false })).toBe(true);
});
