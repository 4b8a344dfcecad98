import type { Page } from './page.ts';

/** The port to the registry of metrics. */
export interface MetricsSource {
  /** Prometheus text. */
  metrics(): Promise<string>;
  readonly contentType: string;
}

/** `GET /metrics`: everything measured, for Prometheus. */
export async function metrics(source: MetricsSource): Promise<Page> {
  return { status: 200, contentType: source.contentType, body: await source.metrics() };
}
