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

/** Writes to standard output, to a stream (which the caller closes), or to what another thread takes. */
export function openAccessLog(to: 'stdout' | Writable | LogSink): AccessLog {
  const sink = to === 'stdout' ? standardOutput() : 'destination' in to ? to : boundedStream(to);
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

/** Takes whole lines, some at a time. */
export interface LogSink {
  readonly destination: DestinationStream;
  /** Lines that were lost. */
  dropped(): number;
  close(): Promise<void>;
}

/** The one writer of this process to standard output: lines of two would mix. */
export function standardOutput(): LogSink {
  let dropped = 0;
  let readerGone = false;
  const output = pino.destination({ dest: 1, sync: false, maxLength: waitingBytesMax });
  output.on('drop', (text: string) => {
    dropped += linesOf(text);
  });
  // The gateway serves on without its reader.
  output.on('error', () => {
    readerGone = true;
  });
  return {
    destination: {
      write(text) {
        if (readerGone) dropped += linesOf(text);
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

function boundedStream(stream: Writable): LogSink {
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

function linesOf(text: string): number {
  return text.split('\n').length - 1;
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
