import { Counter, Histogram, type Registry } from '@prometheus-io/client';
import type { ExchangeRecord, ExchangeRecorder } from './proxy/observe.ts';

/** From half a millisecond, a decision without a round trip, to the longest wait for a backend. */
const durationBuckets: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];

/**
 * The metrics of the data plane (contract.md 5). Labels are bounded: APIs come from the configuration, statuses have three
 * digits, levels are few. The limiter's metrics register themselves beside these, in the same registry.
 */
export function exchangeMetrics(registry: Registry): ExchangeRecorder {
  const registers = [registry];
  const buckets = [...durationBuckets];
  const requests = new Counter({
    name: 'sluice_requests_total',
    help: 'Requests by API ("-": none was found) and status ("none": the client left before the answer)',
    labelNames: ['api', 'code'],
    registers,
  });
  const decisions = new Counter({
    name: 'sluice_decisions_total',
    help: 'Decisions of the limiter by level: the refusing one, or all that admitted (uncertain: without the store)',
    labelNames: ['level', 'outcome'],
    registers,
  });
  const requestDuration = new Histogram({
    name: 'sluice_request_duration_seconds',
    help: "From the end of the request's head to the end of the answer",
    labelNames: ['api'],
    buckets,
    registers,
  });
  const backendDuration = new Histogram({
    name: 'sluice_backend_duration_seconds',
    help: 'From sending a request to the backend to the head of its answer, or its failure',
    labelNames: ['api'],
    buckets,
    registers,
  });
  return {
    record(record: ExchangeRecord): void {
      const api = record.api?.name ?? '-';
      requests.inc({ api, code: String(record.status ?? 'none') });
      requestDuration.observe({ api }, record.durationMs / 1000);
      if (record.backendMs !== undefined) backendDuration.observe({ api }, record.backendMs / 1000);
      const levels = record.refusedBy === undefined ? record.levels : [record.refusedBy.level];
      const decided = record.refusedBy === undefined ? 'admitted' : 'refused';
      for (const level of levels) decisions.inc({ level, outcome: record.certain ? decided : 'uncertain' });
    },
  };
}

/** How many lines the access log lost, read when somebody asks for metrics. */
export function accessLogMetrics(registry: Registry, lost: () => number): void {
  const dropped = new Counter({
    name: 'sluice_access_log_dropped_total',
    help: 'Lines of the access log that were lost because their reader was too slow or has gone',
    registers: [registry],
    collect() {
      dropped.reset();
      dropped.inc(lost());
    },
  });
}
