import type { Writable } from 'node:stream';
import { pino } from 'pino';
import { AccessLines } from './access-line.ts';
import type { Clock } from './limits/clock.ts';
import { LineBatch } from './line-batch.ts';
import type { ExchangeRecorder } from './proxy/observe.ts';
import { systemClock } from './system-clock.ts';

/** Lines that wait for a slow reader; more are dropped, and counted. */
const waitingBytesMax = 8 * 1024 * 1024;

/** One JSON line per exchange. Never waits for its reader. */
export interface AccessLog extends ExchangeRecorder {
  /** Lines that were lost because their reader was too slow or has gone. */
  readonly dropped: number;
  /** Resolves when everything was written. */
  close(): Promise<void>;
}

/** Writes to standard output, in batches, or to a stream (which the caller closes), line by line. */
export function openAccessLog(to: 'stdout' | Writable, clock: Clock = systemClock): AccessLog {
  const sink = to === 'stdout' ? standardOutput(clock) : boundedStream(to);
  const lines = new AccessLines();
  return {
    get dropped() {
      return sink.dropped();
    },
    record(record) {
      sink.write(lines.line(record, clock.wallMs()));
    },
    close: () => sink.close(),
  };
}

interface Sink {
  write(line: string): void;
  dropped(): number;
  close(): Promise<void>;
}

function standardOutput(clock: Clock): Sink {
  let dropped = 0;
  let readerGone = false;
  const output = pino.destination({ dest: 1, sync: false, maxLength: waitingBytesMax });
  // The gateway serves on without its reader.
  output.on('error', () => {
    readerGone = true;
  });
  let writing = 0;
  output.on('drop', () => {
    dropped += writing;
  });
  const batch = new LineBatch(clock, (text, lines) => {
    writing = lines;
    if (readerGone) dropped += lines;
    else output.write(text);
  });
  return {
    write: (line) => batch.add(line),
    dropped: () => dropped,
    close: () =>
      new Promise((resolve) => {
        batch.flush();
        if (readerGone) return resolve();
        output.once('close', resolve).once('error', resolve);
        output.end();
      }),
  };
}

function boundedStream(stream: Writable): Sink {
  let dropped = 0;
  return {
    write(line) {
      if (stream.destroyed || stream.writableLength > waitingBytesMax) dropped += 1;
      else stream.write(line);
    },
    dropped: () => dropped,
    close: () =>
      new Promise((resolve) => {
        if (stream.destroyed) resolve();
        else stream.write('', () => resolve());
      }),
  };
}
