import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { openAccessLog } from './access-log.ts';
import type { ExchangeRecord } from './proxy/observe.ts';

const record: ExchangeRecord = {
  activityId: 'id-1',
  method: 'GET',
  path: '/orders/1.0.0/"\n',
  api: { name: 'Orders', version: '1.0.0' },
  operation: '/items',
  status: 429,
  code: '900807',
  application: 'MobileApp',
  keyType: 'PRODUCTION',
  levels: ['subscription', 'burst'],
  refusedBy: { level: 'burst', counter: 'burst@1000:alice/MobileApp' },
  over: [],
  tokens: undefined,
  usage: 'none',
  certain: true,
  aborted: false,
  bytesIn: 0,
  bytesOut: 5,
  durationMs: 3.123456,
  limiterMs: 0,
  backendMs: undefined,
};

/** A stream whose reader takes nothing until it is let go. */
class SlowReader extends Writable {
  readonly taken: string[] = [];
  #next: (() => void) | undefined;
  #free: boolean;

  constructor(free: boolean) {
    super({ decodeStrings: false });
    this.#free = free;
  }

  override _write(chunk: unknown, _: BufferEncoding, done: () => void): void {
    if (chunk !== '') this.taken.push(String(chunk));
    if (this.#free) done();
    else this.#next = done;
  }

  letGo(): void {
    this.#free = true;
    this.#next?.();
  }
}

describe('the access log', () => {
  test('writes one line of JSON per exchange, whatever stands in it', async () => {
    const reader = new SlowReader(true);
    const log = openAccessLog(reader);
    log.record(record);
    log.record({ ...record, path: undefined, status: undefined });
    await log.close();
    expect(reader.taken).toHaveLength(2);
    const [first, second] = reader.taken.map((line) => JSON.parse(line) as Record<string, unknown>);
    const { time, ...rest } = first ?? {};
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(rest).toEqual({
      level: 'info',
      activityid: 'id-1',
      method: 'GET',
      path: '/orders/1.0.0/"\n',
      api: 'Orders',
      version: '1.0.0',
      operation: '/items',
      status: 429,
      code: '900807',
      application: 'MobileApp',
      keyType: 'PRODUCTION',
      refusedBy: 'burst',
      counter: 'burst@1000:alice/MobileApp',
      certain: true,
      aborted: false,
      bytesIn: 0,
      bytesOut: 5,
      durationMs: 3.123,
      limiterMs: 0,
    });
    expect(Object.keys(second ?? {})).not.toContain('path');
    expect(reader.taken.every((line) => line.indexOf('\n') === line.length - 1)).toBe(true);
  });

  test('never waits for a slow reader: it drops lines, and counts them', () => {
    const reader = new SlowReader(false);
    const log = openAccessLog(reader);
    const long = { ...record, path: 'x'.repeat(1024 * 1024) };
    for (let written = 0; written < 20; written += 1) log.record(long);
    expect(log.dropped).toBeGreaterThan(5);
    expect(log.dropped).toBeLessThan(15);
    expect(reader.writableLength).toBeLessThan(10 * 1024 * 1024);
    const { dropped } = log;
    reader.letGo();
    reader.destroy();
    log.record(record);
    expect(log.dropped).toBe(dropped + 1);
  });

  test('is whole after close', async () => {
    const reader = new SlowReader(false);
    const log = openAccessLog(reader);
    log.record(record);
    log.record(record);
    const closed = log.close();
    reader.letGo();
    await closed;
    expect(reader.taken).toHaveLength(2);
  });
});
