import type { Writable } from 'node:stream';
import { pino, type DestinationStream } from 'pino';
import type { ExchangeRecord, ExchangeRecorder } from './proxy/observe.ts';

/** Lines that wait for a slow reader; more are dropped, and counted. */
const waitingBytesMax = 8 * 1024 * 1024;

/** One JSON line per exchange. Never waits for its reader. */
export interface AccessLog extends ExchangeRecorder {
  /** Lines that were lost because their reader was too slow or has gone. */
  readonly dropped: number;
  /** Resolves when everything was written. */
  close(): Promise<void>;
}

/** Writes to standard output, or to a stream (which the caller closes). */
export function openAccessLog(to: 'stdout' | Writable): AccessLog {
  const sink = to === 'stdout' ? standardOutput() : boundedStream(to);
  const log = pino(
    { base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (level) => ({ level }) } },
    sink.destination,
  );
  return {
    get dropped() {
      return sink.dropped();
    },
    record(record) {
      log.info(line(record));
    },
    close: () => sink.close(),
  };
}

interface Sink {
  readonly destination: DestinationStream;
  dropped(): number;
  close(): Promise<void>;
}

function standardOutput(): Sink {
  let dropped = 0;
  let readerGone = false;
  const output = pino.destination({ dest: 1, sync: false, maxLength: waitingBytesMax });
  output.on('drop', () => {
    dropped += 1;
  });
  // The gateway serves on without its reader.
  output.on('error', () => {
    readerGone = true;
  });
  return {
    destination: {
      write(text) {
        if (readerGone) dropped += 1;
        else output.write(text);
      },
    },
    dropped: () => dropped,
    close: () =>
      new Promise((resolve) => {
        if (readerGone) return resolve();
        output.once('close', resolve).once('error', resolve);
        output.end();
      }),
  };
}

function boundedStream(stream: Writable): Sink {
  let dropped = 0;
  return {
    destination: {
      write(text) {
        if (stream.destroyed || stream.writableLength > waitingBytesMax) dropped += 1;
        else stream.write(text);
      },
    },
    dropped: () => dropped,
    close: () =>
      new Promise((resolve) => {
        if (stream.destroyed) resolve();
        else stream.write('', () => resolve());
      }),
  };
}

function line(record: ExchangeRecord): Readonly<Record<string, unknown>> {
  const { activityId, api, refusedBy, durationMs, limiterMs, backendMs, levels: _, ...rest } = record;
  return {
    activityid: activityId,
    ...rest,
    api: api?.name,
    version: api?.version,
    refusedBy: refusedBy?.level,
    counter: refusedBy?.counter,
    durationMs: rounded(durationMs),
    limiterMs: rounded(limiterMs),
    backendMs: rounded(backendMs),
  };
}

/** Microseconds are fine enough. */
function rounded(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms * 1000) / 1000;
}
