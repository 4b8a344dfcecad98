import { Counter, Gauge, Histogram, Registry } from '@prometheus-io/client';
import { expect, test } from 'vitest';
import { CombinedMetrics, snapshotOf, type MetricsSnapshot } from './combined-metrics.ts';

interface Measured {
  readonly requests: number;
  readonly up: number;
  readonly gateways: number;
}

async function threadThat({ requests, up, gateways }: Measured): Promise<MetricsSnapshot> {
  const registry = new Registry();
  const registers = [registry];
  const labelNames = ['api'];
  const counter = new Counter({ name: 'requests_total', help: 'r', labelNames, registers });
  counter.inc({ api: 'a"\n' }, requests);
  const histogram = new Histogram({ name: 'took_seconds', help: 't', buckets: [0.1, 1], registers });
  for (let observed = 0; observed < requests; observed += 1) histogram.observe(0.5);
  new Gauge({ name: 'up', help: 'u', aggregator: 'min', registers }).set(up);
  new Gauge({ name: 'gateways', help: 'g', aggregator: 'max', registers }).set(gateways);
  // As it crosses to another thread.
  return structuredClone(await snapshotOf(registry));
}

const linesOf = async (text: Promise<string>): Promise<string[]> =>
  (await text).split('\n').filter((line) => line !== '' && !line.startsWith('#'));

test('counters and histograms add up, gauges become one by their own rule', async () => {
  const one = await threadThat({ requests: 2, up: 1, gateways: 2 });
  const two = await threadThat({ requests: 3, up: 0, gateways: 3 });
  expect(await linesOf(new CombinedMetrics().text([one, two]))).toEqual([
    'requests_total{api="a\\"\\n"} 5',
    'took_seconds_bucket{le="0.1"} 0',
    'took_seconds_bucket{le="1"} 5',
    'took_seconds_bucket{le="+Inf"} 5',
    'took_seconds_sum 2.5',
    'took_seconds_count 5',
    'up 0',
    'gateways 3',
  ]);
});

test('what threads that have ended had counted stays, and their gauges go', async () => {
  const combined = new CombinedMetrics();
  combined.threadEnded(await threadThat({ requests: 2, up: 0, gateways: 9 }));
  combined.threadEnded(await threadThat({ requests: 4, up: 0, gateways: 9 }));
  combined.threadEnded([]);
  const now = await threadThat({ requests: 1, up: 1, gateways: 2 });
  const lines = await linesOf(combined.text([now]));
  expect(lines).toEqual(expect.arrayContaining(['requests_total{api="a\\"\\n"} 7', 'took_seconds_count 7']));
  expect(lines).toEqual(expect.arrayContaining(['up 1', 'gateways 2']));
});

test('a scrape without any thread shows what there was', async () => {
  const combined = new CombinedMetrics();
  combined.threadEnded(await threadThat({ requests: 2, up: 1, gateways: 1 }));
  expect(await linesOf(combined.text([]))).toContain('took_seconds_count 2');
});
