import { Registry } from '@prometheus-io/client';
import { beforeEach, describe, expect, test } from 'vitest';
import { accessLogMetrics, exchangeMetrics } from './metrics.ts';
import type { ExchangeRecord, ExchangeRecorder } from './proxy/observe.ts';

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

  test('tell how many lines the access log lost', async () => {
    let lost = 3;
    accessLogMetrics(registry, () => lost);
    const told = async (): Promise<unknown> =>
      (await registry.metrics()).split('\n').find((line) => line.startsWith('sluice_access_log'));
    expect(await told()).toBe('sluice_access_log_dropped_total 3');
    lost = 5;
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
