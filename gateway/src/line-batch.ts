import type { Clock } from './limits/clock.ts';

/** A batch is written when it is this long or this old. */
const charsMax = 64 * 1024;
const ageMsMax = 100;

/** Lines on their way to a writer, so that many share one write. Holds no more than one batch. */
export class LineBatch {
  readonly #clock: Clock;
  readonly #write: (text: string, lines: number) => void;
  #text = '';
  #lines = 0;
  #flushIsDue = false;

  constructor(clock: Clock, write: (text: string, lines: number) => void) {
    this.#clock = clock;
    this.#write = write;
  }

  /** Takes a line with its end. */
  add(line: string): void {
    this.#text += line;
    this.#lines += 1;
    if (this.#text.length >= charsMax) this.flush();
    else if (!this.#flushIsDue) this.#flushLater();
  }

  flush(): void {
    if (this.#lines === 0) return;
    const text = this.#text;
    const lines = this.#lines;
    this.#text = '';
    this.#lines = 0;
    this.#write(text, lines);
  }

  /** One timer at a time, whether or not its batch has left by then. */
  #flushLater(): void {
    this.#flushIsDue = true;
    this.#clock.after(ageMsMax, () => {
      this.#flushIsDue = false;
      this.flush();
    });
  }
}
