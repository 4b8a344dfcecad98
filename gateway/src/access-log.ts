import { Writable } from 'node:stream';
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

/** Writes to standard output or to what takes batches, or to a stream (which the caller closes) line by line. */
export function openAccessLog(to: 'stdout' | Batches | Writable, clock: Clock = systemClock): AccessLog {
  const sink =
    to instanceof Writable ? boundedStream(to) : inBatches(to === 'stdout' ? standardOutput() : to, clock);
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

/** Takes several whole lines at a time. */
export interface Batches {
  write(text: string, lines: number): void;
  /** Lines that were lost. */
  dropped(): number;
  close(): Promise<void>;
}

/** The one writer of this process: lines of two would mix. */
export function standardOutput(): Batches {
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
  return {
    write(text, lines) {
      writing = lines;
      if (readerGone) dropped += lines;
      else output.write(text);
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

function inBatches(to: Batches, clock: Clock): Sink {
  const batch = new LineBatch(clock, (text, lines) => to.write(text, lines));
  return {
    write: (line) => batch.add(line),
    dropped: () => to.dropped(),
    close() {
      batch.flush();
      return to.close();
    },
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
