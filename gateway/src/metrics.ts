import { Counter, type Registry } from '@prometheus-io/client';
import { DurationHistogram } from './duration-histogram.ts';
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
  const requests = new Tally(registry, {
    name: 'sluice_requests_total',
    help: 'Requests by API ("-": none was found) and status ("none": the client left before the answer)',
    labelNames: ['api', 'code'],
  });
  const decisions = new Tally(registry, {
    name: 'sluice_decisions_total',
    help: 'Decisions of the limiter by level: the refusing one, or all that admitted (uncertain: without the store; over: passed although the limit was reached)',
    labelNames: ['level', 'outcome'],
  });
  const usage = new Tally(registry, {
    name: 'sluice_usage_answers_total',
    help: 'Answers that are counted in tokens, by whether they said how many (read, missing)',
    labelNames: ['api', 'usage'],
  });
  const requestDuration = new DurationHistogram(registry, {
    name: 'sluice_request_duration_seconds',
    help: "From the end of the request's head to the end of the answer",
    boundsSeconds: durationBuckets,
  });
  const backendDuration = new DurationHistogram(registry, {
    name: 'sluice_backend_duration_seconds',
    help: 'From sending a request to the backend to the head of its answer, or its failure',
    boundsSeconds: durationBuckets,
  });
  return {
    record(record: ExchangeRecord): void {
      const api = record.api?.name ?? '-';
      requests.count(api, record.status ?? 'none');
      requestDuration.took(api, record.durationMs / 1000);
      if (record.backendMs !== undefined) backendDuration.took(api, record.backendMs / 1000);
      if (record.usage !== 'none') usage.count(api, record.usage);
      const { refusedBy, certain, over } = record;
      if (refusedBy === undefined) {
        const outcome = certain ? 'admitted' : 'uncertain';
        for (const level of record.levels) decisions.count(level, over.includes(level) ? 'over' : outcome);
      } else {
        decisions.count(refusedBy.level, certain ? 'refused' : 'uncertain');
      }
    },
  };
}

interface Cell {
  readonly labels: Readonly<Record<string, string>>;
  count: number;
  told: number;
}

/** A counter with two labels, counted in a cell for each pair of them and told to its registry when somebody asks. */
class Tally {
  readonly #labelNames: readonly [string, string];
  readonly #byFirst = new Map<string, Map<string | number, Cell>>();
  /** In the order of their first count, in which they are told. */
  readonly #cells: Cell[] = [];

  constructor(
    registry: Registry,
    about: { readonly name: string; readonly help: string; readonly labelNames: readonly [string, string] },
  ) {
    this.#labelNames = about.labelNames;
    const counter = new Counter<string>({
      ...about,
      registers: [registry],
      collect: () => {
        for (const cell of this.#cells) {
          counter.inc(cell.labels, cell.count - cell.told);
          cell.told = cell.count;
        }
      },
    });
  }

  count(first: string, second: string | number): void {
    const cell = this.#byFirst.get(first)?.get(second) ?? this.#cell(first, second);
    cell.count += 1;
  }

  #cell(first: string, second: string | number): Cell {
    const [firstName, secondName] = this.#labelNames;
    const cell = { labels: { [firstName]: first, [secondName]: String(second) }, count: 0, told: 0 };
    this.#cells.push(cell);
    const cells = this.#byFirst.get(first) ?? new Map<string | number, Cell>();
    this.#byFirst.set(first, cells.set(second, cell));
    return cell;
  }
}

/** How many lines the access log lost, read when somebody asks for metrics. */
export function accessLogMetrics(registry: Registry, log: { readonly dropped: number }): void {
  const dropped = new Counter({
    name: 'sluice_access_log_dropped_total',
    help: 'Lines of the access log that were lost because their reader was too slow or has gone',
    registers: [registry],
    collect() {
      dropped.reset();
      dropped.inc(log.dropped);
    },
  });
}
