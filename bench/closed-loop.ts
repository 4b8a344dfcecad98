/** What one closed loop asks, and until when. */
export interface Questions {
  readonly decide: (key: number) => boolean | Promise<boolean>;
  /** The key of the next decision; undefined when there is none left. */
  readonly nextKey: () => number | undefined;
  /** Decisions that may be under way at once. */
  readonly callers: number;
  readonly durationMs: number;
}

export interface LoopResult {
  readonly decisions: number;
  readonly admitted: number;
  readonly seconds: number;
  /** How long every n-th decision took its caller, in µs, in no order. */
  readonly waitsUs: Float64Array;
}

/**
 * Decisions of one turn of the event loop at most, whether they are answered at once or later: as many requests as a busy
 * gateway may read from its sockets in a turn.
 */
const decisionsPerTurn = 256;
/** Every so many decisions one is timed: reading the clock twice costs as much as a decision from a lease. */
const timedEvery = 127;
const waitsMax = 131_072;

/**
 * Callers that each ask again as soon as they are answered. They share the turns of the event loop: a turn begins when a
 * caller is free, and lets every free one ask. Nobody spins: while all of them wait, the process sleeps.
 */
export class ClosedLoop {
  readonly #questions: Questions;
  readonly #waitsUs: Float64Array = new Float64Array(waitsMax);
  readonly #finished: (result: LoopResult) => void;
  readonly #failed: (reason: unknown) => void;
  readonly #startMs: number = performance.now();
  #timed = 0;
  #decisions = 0;
  #admitted = 0;
  #asking = 0;
  #isTurnPlanned = false;
  #isOver = false;

  private constructor(
    questions: Questions,
    end: { readonly finished: (result: LoopResult) => void; readonly failed: (reason: unknown) => void },
  ) {
    this.#questions = questions;
    this.#finished = end.finished;
    this.#failed = end.failed;
  }

  /** Rejects when a decision does. */
  static run(questions: Questions): Promise<LoopResult> {
    return new Promise((finished, failed) => {
      new ClosedLoop(questions, { finished, failed }).#turn();
    });
  }

  readonly #turn = (): void => {
    const { callers, durationMs, nextKey } = this.#questions;
    this.#isTurnPlanned = false;
    this.#isOver ||= performance.now() >= this.#startMs + durationMs;
    for (let left = decisionsPerTurn; left > 0 && this.#asking < callers && !this.#isOver; left -= 1) {
      const key = nextKey();
      if (key === undefined) this.#isOver = true;
      else this.#ask(key);
    }
    this.#goOn();
  };

  #ask(key: number): void {
    const askedMs = this.#decisions % timedEvery === 0 ? performance.now() : undefined;
    this.#decisions += 1;
    const answer = this.#questions.decide(key);
    if (typeof answer === 'boolean') {
      this.#answered(answer, askedMs);
      return;
    }
    this.#asking += 1;
    answer.then((isAdmitted) => {
      this.#asking -= 1;
      this.#answered(isAdmitted, askedMs);
      this.#goOn();
    }, this.#failed);
  }

  #answered(isAdmitted: boolean, askedMs: number | undefined): void {
    if (isAdmitted) this.#admitted += 1;
    if (askedMs === undefined) return;
    this.#waitsUs[this.#timed % waitsMax] = (performance.now() - askedMs) * 1000;
    this.#timed += 1;
  }

  #goOn(): void {
    if (!this.#isOver && this.#asking < this.#questions.callers && !this.#isTurnPlanned) {
      this.#isTurnPlanned = true;
      setImmediate(this.#turn);
    }
    if (!this.#isOver || this.#asking > 0) return;
    this.#finished({
      decisions: this.#decisions,
      admitted: this.#admitted,
      seconds: (performance.now() - this.#startMs) / 1000,
      waitsUs: this.#waitsUs.slice(0, Math.min(this.#timed, waitsMax)),
    });
  }
}
