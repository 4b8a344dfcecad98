import {
  Histogram,
  type MetricObjectWithValues,
  type MetricValueWithName,
  type Registry,
} from '@prometheus-io/client';

type Labels = 'api' | 'le';

/** What was observed of one API. */
interface Observed {
  readonly api: string;
  /** Values up to each bound and above the one before. */
  readonly counts: Float64Array;
  count: number;
  sum: number;
}

/**
 * Durations by API, told like any histogram of the client library. Observing finds its place by the API's name alone, without the
 * labels that the library takes apart each time.
 */
export class DurationHistogram extends Histogram<Labels> {
  readonly #about: { readonly name: string; readonly help: string };
  readonly #boundsSeconds: readonly number[];
  readonly #observed = new Map<string, Observed>();

  constructor(
    registry: Registry,
    about: { readonly name: string; readonly help: string; readonly boundsSeconds: readonly number[] },
  ) {
    const { name, help, boundsSeconds } = about;
    super({ name, help, labelNames: ['api'], buckets: [...boundsSeconds], registers: [registry] });
    this.#about = { name, help };
    this.#boundsSeconds = boundsSeconds;
  }

  took(api: string, seconds: number): void {
    const observed = this.#observed.get(api) ?? this.#first(api);
    const bounds = this.#boundsSeconds;
    let at = 0;
    while (at < bounds.length && seconds > (bounds[at] ?? 0)) at += 1;
    observed.counts[at] = (observed.counts[at] ?? 0) + 1;
    observed.count += 1;
    observed.sum += seconds;
  }

  #first(api: string): Observed {
    const counts = new Float64Array(this.#boundsSeconds.length + 1);
    const observed = { api, counts, count: 0, sum: 0 };
    this.#observed.set(api, observed);
    return observed;
  }

  /** By this name a registry asks for what it writes as text. */
  getForPromString(): Promise<MetricObjectWithValues<MetricValueWithName<Labels>>> {
    return this.get();
  }

  override get(): Promise<MetricObjectWithValues<MetricValueWithName<Labels>>> {
    const values = [...this.#observed.values()].flatMap((observed) => this.#valuesOf(observed));
    return Promise.resolve({
      ...this.#about,
      type: 'histogram',
      aggregator: 'sum',
      collect: () => {},
      values,
    });
  }

  #valuesOf({ api, counts, count, sum }: Observed): readonly MetricValueWithName<Labels>[] {
    const { name } = this.#about;
    let below = 0;
    const buckets = this.#boundsSeconds.map((le, at) => {
      below += counts[at] ?? 0;
      return { labels: { le, api }, value: below, metricName: `${name}_bucket` };
    });
    return [
      ...buckets,
      { labels: { le: '+Inf', api }, value: count, metricName: `${name}_bucket` },
      { labels: { api }, value: sum, metricName: `${name}_sum` },
      { labels: { api }, value: count, metricName: `${name}_count` },
    ];
  }
}
