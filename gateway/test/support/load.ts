import type { EchoBackend } from '../../src/cli/demo/echo-backend.ts';

/** What happened while a load ran on. */
export interface Observed {
  readonly waitsMs: number[];
  readonly statuses: number[];
  /** At the backend, in ms of the test's clock. */
  readonly arrivalsMs: readonly number[];
}

const everyMs = 10;

/** When a request was sent, in ms of the wall clock. */
export const sentHeader = 'x-sent-ms';

/** A steady offer of requests over all gateways in turn, answered or not; each one is timed. */
export class Load {
  readonly #urls: readonly string[];
  readonly #apiKey: string;
  readonly #running = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  #seen: Omit<Observed, 'arrivalsMs'> = { waitsMs: [], statuses: [] };
  #turn = 0;

  constructor(offer: {
    readonly urls: readonly string[];
    readonly apiKey: string;
    readonly perSecond: number;
  }) {
    this.#urls = offer.urls;
    this.#apiKey = offer.apiKey;
    this.#timer = setInterval(() => {
      for (let i = 0; i < (offer.perSecond * everyMs) / 1000; i += 1) this.#send();
    }, everyMs);
  }

  async observe(at: Pick<EchoBackend, 'arrivalsMs'>, durationMs: number): Promise<Observed> {
    const seen: Omit<Observed, 'arrivalsMs'> = { waitsMs: [], statuses: [] };
    this.#seen = seen;
    const before = at.arrivalsMs.length;
    await new Promise((resolve) => setTimeout(resolve, durationMs));
    return { ...seen, arrivalsMs: at.arrivalsMs.slice(before) };
  }

  async end(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#running);
  }

  #send(): void {
    this.#turn += 1;
    const startMs = performance.now();
    const seen = this.#seen;
    const url = this.#urls[this.#turn % this.#urls.length]!;
    const one = ask(url, this.#apiKey).then((status) => {
      seen.waitsMs.push(performance.now() - startMs);
      seen.statuses.push(status);
      this.#running.delete(one);
    });
    this.#running.add(one);
  }
}

/** The status, or 0 when the connection broke. */
async function ask(url: string, apiKey: string): Promise<number> {
  try {
    const response = await fetch(url, { headers: { ApiKey: apiKey, [sentHeader]: String(Date.now()) } });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 0;
  }
}

/**
 * Arrivals in spans of a second, each starting with the first arrival after the one before or after a silence: windows as
 * a backend sees them that knows nothing of gateways.
 */
export function busySeconds(arrivalsMs: readonly number[]): number[] {
  const counts: number[] = [];
  let startMs = -Infinity;
  let lastMs = -Infinity;
  for (const arrivalMs of arrivalsMs) {
    if (arrivalMs - startMs >= 1000 || arrivalMs - lastMs > 300) {
      counts.push(0);
      startMs = arrivalMs;
    }
    counts.push((counts.pop() ?? 0) + 1);
    lastMs = arrivalMs;
  }
  return counts;
}

export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? NaN;
}
