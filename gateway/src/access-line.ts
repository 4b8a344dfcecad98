import type { KeyType } from './policy/catalogue.ts';
import type { ExchangeRecord } from './proxy/observe.ts';

/**
 * Writes exchanges as lines of JSON. A serializer of its own, because any general one costs more than the rest of the gateway's
 * part of a request; its test holds every line to `JSON.stringify`.
 */
export class AccessLines {
  readonly #operation = new Part('operation');
  readonly #application = new Part('application');
  readonly #api = new Part('api');
  readonly #version = new Part('version');
  #atMs: number | undefined;
  #start = '';

  /** One line with its end; what is absent in the record is absent in the line. */
  line(record: ExchangeRecord, wallMs: number): string {
    const { path, api, operation, status, code, application, keyType, refusedBy } = record;
    const { limiterMs, backendMs } = record;
    let line = `${this.#startAt(wallMs)}${quoted(record.activityId)},"method":${quoted(record.method)}`;
    if (path !== undefined) line += `,"path":${quoted(path)}`;
    if (operation !== undefined) line += this.#operation.of(operation);
    if (status !== undefined) line += `,"status":${status}`;
    if (code !== undefined) line += `,"code":${quoted(code)}`;
    if (application !== undefined) line += this.#application.of(application);
    if (keyType !== undefined) line += keyTypes[keyType];
    line += `${outcome(record)}${record.bytesIn},"bytesOut":${record.bytesOut}`;
    if (api !== undefined) line += this.#api.of(api.name) + this.#version.of(api.version);
    if (refusedBy !== undefined)
      line += `,"refusedBy":"${refusedBy.level}","counter":${quoted(refusedBy.counter)}`;
    if (record.over.length > 0) line += `,"over":${JSON.stringify(record.over)}`;
    if (record.tokens !== undefined) line += `,"tokens":${JSON.stringify(record.tokens)}`;
    line += `,"durationMs":${decimal(record.durationMs)}`;
    if (limiterMs !== undefined) line += `,"limiterMs":${decimal(limiterMs)}`;
    if (backendMs !== undefined) line += `,"backendMs":${decimal(backendMs)}`;
    return `${line}}\n`;
  }

  /** Lines of one ms share their start. */
  #startAt(wallMs: number): string {
    if (wallMs !== this.#atMs) {
      this.#atMs = wallMs;
      this.#start = `{"level":"info","time":"${new Date(wallMs).toISOString()}","activityid":`;
    }
    return this.#start;
  }
}

/** Names of a configuration, and of those before it. */
const namesMax = 10_000;

/** A field whose values are names of the configuration: each is written once. */
class Part {
  readonly #field: string;
  readonly #written = new Map<string, string>();

  constructor(field: string) {
    this.#field = field;
  }

  of(name: string): string {
    return this.#written.get(name) ?? this.#write(name);
  }

  #write(name: string): string {
    // Joined, because a sum of strings would be put together anew in every line.
    const written = [',"', this.#field, '":', quoted(name)].join('');
    if (this.#written.size >= namesMax) this.#written.clear();
    this.#written.set(name, written);
    return written;
  }
}

const keyTypes: Readonly<Record<KeyType, string>> = {
  PRODUCTION: ',"keyType":"PRODUCTION"',
  SANDBOX: ',"keyType":"SANDBOX"',
};

function outcome({ certain, aborted }: ExchangeRecord): string {
  if (certain && !aborted) return ',"certain":true,"aborted":false,"bytesIn":';
  return `,"certain":${certain},"aborted":${aborted},"bytesIn":`;
}

/** What JSON writes in another way than it stands, a lone half of a surrogate pair among it. */
// oxlint-disable-next-line no-control-regex -- They are what it is for.
const needsEscape = /["\\\u0000-\u001f\ud800-\udfff]/;

function quoted(text: string): string {
  return needsEscape.test(text) ? JSON.stringify(text) : `"${text}"`;
}

/** Less than a ms, by µs: `0`, `0.001`, …, `0.01`, …, `0.999`. */
const belowOne: readonly string[] = Array.from({ length: 1000 }, (_, us) => String(us / 1000));
const fractions: readonly string[] = belowOne.map((text) => text.slice(1));

/** Milliseconds to three places: microseconds are fine enough. Pieces made before are cheaper than to write a fraction. */
function decimal(ms: number): string {
  const us = Math.round(ms * 1000);
  const wholeMs = Math.floor(us / 1000);
  if (wholeMs === 0) return belowOne[us] ?? '';
  return `${wholeMs}${fractions[us - wholeMs * 1000] ?? ''}`;
}
