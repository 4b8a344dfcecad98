import { Counter, Gauge, Histogram, type Aggregator, type Registry } from '@prometheus-io/client';
import type { Limiter } from './limiter/limiter.ts';
import type { LimiterRecorder } from './limiter/limiter-recorder.ts';
import type { StoreError } from './limits/counter-store.ts';

const claimBuckets = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1];

/** The metrics of claims (contract.md 5), and a line for people when the store goes away or comes back. */
export function limiterMetrics(registry: Registry, report: (line: string) => void): LimiterRecorder {
  const registers = [registry];
  const claims = new Counter({
    name: 'sluice_claims_total',
    help: 'Claims to the store by outcome (told: nothing was wanted; lost: no answer in time, or an error)',
    labelNames: ['outcome'],
    registers,
  });
  const duration = new Histogram({
    name: 'sluice_claim_duration_seconds',
    help: 'From sending claims to their answer; claims of one turn travel together and count once',
    buckets: claimBuckets,
    registers,
  });
  return {
    settled(outcome) {
      claims.inc({ outcome });
    },
    lost(count) {
      claims.inc({ outcome: 'lost' }, count);
    },
    batchTook(durationMs) {
      duration.observe(durationMs / 1000);
    },
    storeAway(reason: StoreError) {
      report(`the counter store, or a part of it, is away; deciding by on_failure: ${reason.message}`);
    },
    storeBack() {
      report('the counter store, or that part of it, is back; counting exactly again');
    },
  };
}

/** Gauges that are read from the limiter when somebody asks for metrics; each says how those of several threads become one. */
export function limiterGauges(registry: Registry, limiter: Limiter): void {
  const gauge = (name: string, help: string, read: () => number, aggregator: Aggregator): void => {
    const made = new Gauge({
      name,
      help,
      aggregator,
      registers: [registry],
      collect() {
        made.set(read());
      },
    });
  };
  gauge(
    'sluice_leased_units',
    'Units counted for this gateway in the store and not spent yet',
    () => limiter.leasedUnits(),
    'sum',
  );
  gauge('sluice_counters', 'Counters this gateway keeps in memory', () => limiter.state.counters, 'sum');
  gauge(
    'sluice_store_up',
    '1 while the counter store answers, 0 during an outage',
    () => Number(limiter.state.storeUp),
    'min',
  );
  gauge(
    'sluice_gateways',
    'Gateways that share the counters, as last told by the store; each thread of a gateway counts',
    () => limiter.state.gateways,
    'max',
  );
}
