import type { ExchangeRecord } from './proxy/observe.ts';

/**
 * Writes exchanges as lines of JSON. A serializer of its own, because any general one costs more than the rest of the gateway's
 * part of a request; its test holds every line to `JSON.stringify`.
 */
export class AccessLines {
  #atMs: number | undefined;
  #time = '';

  /** One line with its end; what is absent in the record is absent in the line. */
  line(record: ExchangeRecord, wallMs: number): string {
    const { path, api, operation, status, code, application, keyType, refusedBy } = record;
    const { limiterMs, backendMs } = record;
    // The longest part, written out at once: most fields are always there.
    let line = `{"level":"info","time":"${this.#timeOf(wallMs)}","activityid":${quoted(record.activityId)},"method":${quoted(record.method)}`;
    if (path !== undefined) line += `,"path":${quoted(path)}`;
    if (operation !== undefined) line += `,"operation":${quoted(operation)}`;
    if (status !== undefined) line += `,"status":${status}`;
    if (code !== undefined) line += `,"code":${quoted(code)}`;
    if (application !== undefined) line += `,"application":${quoted(application)}`;
    if (keyType !== undefined) line += `,"keyType":"${keyType}"`;
    line += `,"certain":${record.certain},"aborted":${record.aborted},"bytesIn":${record.bytesIn},"bytesOut":${record.bytesOut}`;
    if (api !== undefined) line += `,"api":${quoted(api.name)},"version":${quoted(api.version)}`;
    if (refusedBy !== undefined)
      line += `,"refusedBy":"${refusedBy.level}","counter":${quoted(refusedBy.counter)}`;
    line += `,"durationMs":${decimal(record.durationMs)}`;
    if (limiterMs !== undefined) line += `,"limiterMs":${decimal(limiterMs)}`;
    if (backendMs !== undefined) line += `,"backendMs":${decimal(backendMs)}`;
    return `${line}}\n`;
  }

  /** Requests of one ms share its text. */
  #timeOf(wallMs: number): string {
    if (wallMs !== this.#atMs) {
      this.#atMs = wallMs;
      this.#time = new Date(wallMs).toISOString();
    }
    return this.#time;
  }
}

/** What JSON writes in another way than it stands, a lone half of a surrogate pair among it. */
// oxlint-disable-next-line no-control-regex -- They are what it is for.
const needsEscape = /["\\\u0000-\u001f\ud800-\udfff]/;

function quoted(text: string): string {
  return needsEscape.test(text) ? JSON.stringify(text) : `"${text}"`;
}

/** What stands behind the whole ms, by µs: ``, `.001`, …, `.01`, …, `.999`. */
const fractions: readonly string[] = Array.from({ length: 1000 }, (_, us) => String(us / 1000).slice(1));

/** Milliseconds to three places: microseconds are fine enough. Whole numbers are cheaper to write than fractions. */
function decimal(ms: number): string {
  const us = Math.round(ms * 1000);
  const wholeMs = Math.floor(us / 1000);
  return `${wholeMs}${fractions[us - wholeMs * 1000]}`;
}
