import { Counter, Histogram, Registry } from '@prometheus-io/client';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Level } from './policy/levels.ts';
import { accessLogMetrics, exchangeMetrics } from './metrics.ts';
import type { ExchangeRecord, ExchangeRecorder } from './proxy/observe.ts';

/** The metrics of exchanges with nothing between them and the client library. */
function libraryMetrics(registry: Registry): ExchangeRecorder {
  const registers = [registry];
  const buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
  const requests = new Counter({
    name: 'sluice_requests_total',
    help: 'Requests by API ("-": none was found) and status ("none": the client left before the answer)',
    labelNames: ['api', 'code'],
    registers,
  });
  const decisions = new Counter({
    name: 'sluice_decisions_total',
    help: 'Decisions of the limiter by level: the refusing one, or all that admitted (uncertain: without the store; over: passed although the limit was reached)',
    labelNames: ['level', 'outcome'],
    registers,
  });
  const usage = new Counter({
    name: 'sluice_usage_answers_total',
    help: 'Answers that are counted in tokens, by whether they said how many (read, missing)',
    labelNames: ['api', 'usage'],
    registers,
  });
  const duration = new Histogram({
    name: 'sluice_request_duration_seconds',
    help: "From the end of the request's head to the end of the answer",
    labelNames: ['api'],
    buckets,
    registers,
  });
  const backend = new Histogram({
    name: 'sluice_backend_duration_seconds',
    help: 'From sending a request to the backend to the head of its answer, or its failure',
    labelNames: ['api'],
    buckets,
    registers,
  });
  return {
    record({ api: of, status, certain, levels, refusedBy, durationMs, backendMs, ...more }) {
      const api = of?.name ?? '-';
      if (more.usage !== 'none') usage.inc({ api, usage: more.usage });
      requests.inc({ api, code: String(status ?? 'none') });
      duration.observe({ api }, durationMs / 1000);
      if (backendMs !== undefined) backend.observe({ api }, backendMs / 1000);
      const decided = refusedBy === undefined ? 'admitted' : 'refused';
      for (const level of refusedBy === undefined ? levels : [refusedBy.level]) {
        decisions.inc({ level, outcome: certain ? decided : 'uncertain' });
      }
    },
  };
}

const plain: ExchangeRecord = {
  activityId: 'id-1',
  method: 'GET',
  path: '/orders/1.0.0/items',
  api: { name: 'Orders', version: '1.0.0' },
  operation: '/items',
  status: 200,
  code: undefined,
  application: 'MobileApp',
  keyType: 'PRODUCTION',
  levels: ['subscription', 'burst'],
  refusedBy: undefined,
  over: [],
  tokens: undefined,
  usage: 'none',
  certain: true,
  aborted: false,
  bytesIn: 0,
  bytesOut: 5,
  durationMs: 3,
  limiterMs: 0.1,
  backendMs: 2,
};

describe('the metrics of exchanges', () => {
  let registry: Registry;
  let recorder: ExchangeRecorder;

  beforeEach(() => {
    registry = new Registry();
    recorder = exchangeMetrics(registry);
  });

  const lines = async (name: string): Promise<readonly string[]> =>
    (await registry.metrics()).split('\n').filter((line) => line.startsWith(`${name}{`));

  test('count requests by API and status', async () => {
    recorder.record(plain);
    recorder.record(plain);
    recorder.record({ ...plain, api: undefined, status: 404 });
    recorder.record({ ...plain, status: undefined, aborted: true });
    expect(await lines('sluice_requests_total')).toEqual([
      'sluice_requests_total{api="Orders",code="200"} 2',
      'sluice_requests_total{api="-",code="404"} 1',
      'sluice_requests_total{api="Orders",code="none"} 1',
    ]);
  });

  test('count a refusal at the level that refused, an admission at all levels that were asked', async () => {
    recorder.record(plain);
    recorder.record({ ...plain, refusedBy: { level: 'burst', counter: 'c' } });
    recorder.record({ ...plain, certain: false });
    recorder.record({ ...plain, levels: [] });
    expect(await lines('sluice_decisions_total')).toEqual([
      'sluice_decisions_total{level="subscription",outcome="admitted"} 1',
      'sluice_decisions_total{level="burst",outcome="admitted"} 1',
      'sluice_decisions_total{level="burst",outcome="refused"} 1',
      'sluice_decisions_total{level="subscription",outcome="uncertain"} 1',
      'sluice_decisions_total{level="burst",outcome="uncertain"} 1',
    ]);
  });

  test('are to the letter what the client library makes of the same exchanges, scrape after scrape', async () => {
    const ms = fc.oneof(
      fc.double({ min: 0, max: 90_000, noNaN: true }),
      fc.constantFrom(0, 0.5, 1, 2.5, 60_000),
    );
    const any = fc.record({
      api: fc.constantFrom(undefined, plain.api, { name: 'Shop"', version: '2' }),
      status: fc.constantFrom(undefined, 200, 404, 429),
      certain: fc.boolean(),
      levels: fc.constantFrom<readonly Level[]>([], ['subscription'], ['api', 'burst', 'backend']),
      refusedBy: fc.constantFrom(undefined, { level: 'burst', counter: 'c' } as const),
      durationMs: ms,
      backendMs: fc.option(ms, { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(any), { minLength: 1, maxLength: 4 }), async (scrapes) => {
        const [ours, theirs] = [new Registry(), new Registry()];
        const [counted, plainly] = [exchangeMetrics(ours), libraryMetrics(theirs)];
        for (const exchanges of scrapes) {
          for (const exchange of exchanges) {
            counted.record({ ...plain, ...exchange });
            plainly.record({ ...plain, ...exchange });
          }
          expect(await ours.metrics()).toBe(await theirs.metrics());
        }
      }),
    );
  });

  test('tell how many lines the access log lost', async () => {
    const log = { dropped: 3 };
    accessLogMetrics(registry, log);
    const told = async (): Promise<unknown> =>
      (await registry.metrics()).split('\n').find((line) => line.startsWith('sluice_access_log'));
    expect(await told()).toBe('sluice_access_log_dropped_total 3');
    log.dropped = 5;
    expect(await told()).toBe('sluice_access_log_dropped_total 5');
  });

  test('measure durations in seconds, the backend only where there was one', async () => {
    recorder.record(plain);
    recorder.record({ ...plain, backendMs: undefined, status: 429 });
    expect(await lines('sluice_request_duration_seconds_sum')).toEqual([
      'sluice_request_duration_seconds_sum{api="Orders"} 0.006',
    ]);
    expect(await lines('sluice_backend_duration_seconds_count')).toEqual([
      'sluice_backend_duration_seconds_count{api="Orders"} 1',
    ]);
    expect(await lines('sluice_backend_duration_seconds_bucket')).toContain(
      'sluice_backend_duration_seconds_bucket{le="0.0025",api="Orders"} 1',
    );
  });
});
