import { Registry } from '@prometheus-io/client';

type Metric = Awaited<ReturnType<Registry['getMetricsAsJSON']>>[number];

/** All metrics of one registry with their values, as they cross threads. */
export type MetricsSnapshot = readonly Pick<Metric, 'name' | 'help' | 'type' | 'aggregator' | 'values'>[];

export async function snapshotOf(registry: Registry): Promise<MetricsSnapshot> {
  const metrics = await registry.getMetricsAsJSON();
  return metrics.map(({ name, help, type, aggregator, values }) => ({
    name,
    help,
    type,
    aggregator,
    values,
  }));
}

/**
 * What is measured in several threads, as if it were measured in one: counters and histograms add up, gauges become one as
 * each says. What a thread that has ended had counted stays in the sums, or they would go down.
 */
export class CombinedMetrics {
  #ended: readonly object[] = [];

  /** Takes in the last that is known of a thread. */
  threadEnded(snapshot: MetricsSnapshot): void {
    const all: readonly { readonly type: unknown }[] = Registry.aggregate([
      this.#ended,
      snapshot,
    ]).getMetricsAsArray();
    this.#ended = all.filter(({ type }) => type === 'counter' || type === 'histogram');
  }

  /** Prometheus text. */
  text(snapshots: readonly MetricsSnapshot[]): Promise<string> {
    return Registry.aggregate([...snapshots, this.#ended]).metrics();
  }
}
