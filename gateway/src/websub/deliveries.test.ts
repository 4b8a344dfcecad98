import { beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { until } from '../../test/support/until.ts';
import type { CallbackRequest } from './callback-client.ts';
import { Deliveries, type Delivery, type DeliveryEnd } from './deliveries.ts';

describe('deliveries', () => {
  let clock: FakeClock;
  let sent: CallbackRequest[];
  let statuses: (number | 'lost' | 'never')[];
  let ends: DeliveryEnd[];
  let deliveries: Deliveries;

  beforeEach(() => {
    clock = new FakeClock();
    sent = [];
    statuses = [];
    ends = [];
    const send = async (request: CallbackRequest): Promise<{ status: number; text: string }> => {
      sent.push(request);
      const status = statuses.shift() ?? 200;
      if (status === 'never') return new Promise(() => {});
      if (status === 'lost') throw new Error('no answer');
      return { status, text: '' };
    };
    deliveries = new Deliveries({ send }, clock);
  });

  const event = (bytes = 1) => ({ body: Buffer.alloc(bytes), fields: { 'content-type': 'text/plain' } });
  const to = (application: string, secret?: string): Delivery => ({
    callback: 'https://example.com/',
    secret,
    application,
    ended: (end) => ends.push(end),
  });

  test('what fails is sent again after a while, three times', async () => {
    statuses = [500, 'lost', 302, 503];
    deliveries.send(event(), [to('a')]);
    await clock.turn();
    const counts: number[] = [];
    for (const waitMs of [999, 1, 9999, 1, 59_999, 1, 600_000]) {
      await clock.advance(waitMs);
      counts.push(sent.length);
    }
    expect(counts).toEqual([1, 2, 2, 3, 3, 4, 4]);
    expect(ends).toEqual(['failed']);
  });

  test('what arrives, and a callback that is gone, is not sent again', async () => {
    statuses = [204, 410];
    deliveries.send(event(), [to('a'), to('b')]);
    await clock.advance(600_000);
    expect(sent).toHaveLength(2);
    expect(ends).toEqual(['delivered', 'gone']);
  });

  test('a callback with a secret gets the event signed by it', async () => {
    deliveries.send(event(), [to('a', 'secret'), to('a')]);
    await clock.turn();
    expect(sent[0]?.fields['x-hub-signature']).toMatch(/^sha256=[\da-f]{64}$/);
    expect(sent[1]?.fields).toEqual({ 'content-type': 'text/plain' });
  });

  test('what waits to be sent again gives way to new events, the oldest first', async () => {
    statuses = [500, 500];
    const half = 32 * 1024 * 1024;
    deliveries.send(event(half), [to('a')]);
    deliveries.send(event(half), [to('b')]);
    await clock.turn();
    expect(deliveries.hasRoom(1, 1)).toBe(true);
    expect(ends).toEqual(['failed']);
    expect([deliveries.room('a'), deliveries.room('b')]).toEqual([10_000, 9999]);
    await clock.advance(1000);
    expect(ends).toEqual(['failed', 'delivered']);
  });

  test('there is room for so many deliveries, and so many of one application', async () => {
    statuses = Array.from({ length: 16 }, () => 'never');
    const many = (application: string) => Array.from({ length: 10_000 }, () => to(application));
    deliveries.send(event(), many('a'));
    await clock.turn();
    expect(sent).toHaveLength(16);
    expect(deliveries.room('a')).toBe(0);
    expect(deliveries.room('b')).toBe(10_000);
    expect(deliveries.hasRoom(1, 40_000)).toBe(true);
    expect(deliveries.hasRoom(1, 40_001)).toBe(false);
  });

  test('what waits to be sent again gives way where there are too many deliveries, and only then', async () => {
    statuses = Array.from({ length: 50_000 }, () => 500);
    for (const application of ['a', 'b', 'c', 'd', 'e']) {
      deliveries.send(
        event(),
        Array.from({ length: 10_000 }, () => to(application)),
      );
    }
    await until(() => statuses.length === 0);
    await clock.turn();
    expect(deliveries.hasRoom(1, 0)).toBe(true);
    expect(ends).toEqual([]);
    expect(deliveries.hasRoom(1, 50_001)).toBe(false);
    expect(ends).toEqual([]);
    expect(deliveries.hasRoom(1, 3)).toBe(true);
    expect(ends).toEqual(['failed', 'failed', 'failed']);
    expect(deliveries.room('a')).toBe(3);
  });

  test('drained, it ends what waits to be sent again and takes nothing more', async () => {
    statuses = [500];
    deliveries.send(event(), [to('a')]);
    await clock.turn();
    await deliveries.drain(5000);
    expect(ends).toEqual(['failed']);
    expect(deliveries.hasRoom(1, 1)).toBe(false);
  });
});
