import type { LogSink } from '../access-log.ts';
import type { Clock } from '../limits/clock.ts';

/** So much waits to be taken at most; more is dropped, and counted. */
const waitingCharactersMax = 2 * 1024 * 1024;
const batchCharacters = 64 * 1024;
const batchMs = 5;

/** The access log of a thread: batches of whole lines for the one writer of this process. */
export class PortLog implements LogSink {
  readonly #clock: Clock;
  readonly #send: (lines: string) => void;
  #lines: string[] = [];
  #characters = 0;
  /** Sent, and not taken yet. */
  #untaken = 0;
  #dropped = 0;
  #cancelSend: (() => void) | undefined;

  constructor(clock: Clock, send: (lines: string) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  readonly destination: LogSink['destination'] = {
    write: (line) => {
      if (this.#untaken + this.#characters + line.length > waitingCharactersMax) {
        this.#dropped += 1;
        return;
      }
      this.#lines.push(line);
      this.#characters += line.length;
      if (this.#characters >= batchCharacters) this.#sendBatch();
      else this.#cancelSend ??= this.#clock.after(batchMs, () => this.#sendBatch());
    },
  };

  /** The writer has taken so much. */
  taken(characters: number): void {
    this.#untaken -= characters;
  }

  dropped(): number {
    return this.#dropped;
  }

  close(): Promise<void> {
    if (this.#characters > 0) this.#sendBatch();
    return Promise.resolve();
  }

  #sendBatch(): void {
    this.#cancelSend?.();
    this.#cancelSend = undefined;
    const lines = this.#lines.join('');
    this.#lines = [];
    this.#characters = 0;
    this.#untaken += lines.length;
    this.#send(lines);
  }
}
