import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { FetchText } from '../identity/jwks-source.ts';
import type { Clock } from '../limits/clock.ts';
import type { ListenerPorts } from '../proxy/listeners.ts';
import type { Answers, FromThread, Question, ThreadStart, ToThread } from './thread-messages.ts';

export interface ThreadEvents {
  readonly log: (batch: string, lines: number) => void;
  readonly report: (line: string) => void;
  readonly fetchText: FetchText;
  /** It has ended by itself, or was ended; why, in words for people. */
  readonly ended: (why: string) => void;
}

/** The sources run as they are, and the published package has what was compiled from them: the thread's file is of this one's kind. */
const entry = new URL(`./thread${extname(import.meta.url)}`, import.meta.url);

/** A running thread, seen from the main one. */
export class ThreadHandle {
  readonly #worker: Worker;
  readonly #clock: Clock;
  readonly #asked = new Map<number, (answer: Answers[keyof Answers] | undefined) => void>();
  /** The ports it listens on. Rejects when it ends before. */
  readonly listening: Promise<ListenerPorts>;
  #lastId = 0;
  #error: Error | undefined;

  constructor({
    name,
    start,
    clock,
    events,
  }: {
    readonly name: string;
    readonly start: ThreadStart;
    readonly clock: Clock;
    readonly events: ThreadEvents;
  }) {
    const { promise, resolve, reject } = Promise.withResolvers<ListenerPorts>();
    this.listening = promise;
    this.#clock = clock;
    const transferList = start.storePort === undefined ? [] : [start.storePort];
    this.#worker = new Worker(entry, { name, workerData: start, transferList });
    this.#worker.on('message', (message: FromThread) => {
      if ('log' in message) {
        events.log(message.log, message.lines);
        this.#tell({ taken: message.log.length });
      } else if ('report' in message) events.report(message.report);
      else if ('fetch' in message) this.#fetch(message.fetch, events.fetchText);
      else if ('listening' in message) resolve(message.listening);
      else this.#settle(message.id, message.answer);
    });
    this.#worker.on('error', (error) => {
      this.#error = error instanceof Error ? error : new Error('not an error was thrown', { cause: error });
    });
    this.#worker.on('exit', (code) => {
      const error = this.#error ?? new Error(`exit code ${code}`);
      reject(error);
      for (const id of this.#asked.keys()) this.#settle(id, undefined);
      events.ended(error.stack ?? error.message);
    });
  }

  /** Undefined when it doesn't answer in time, or has ended. */
  ask<Kind extends Question['kind']>(
    question: Question & { readonly kind: Kind },
    deadlineMs: number,
  ): Promise<Answers[Kind] | undefined> {
    this.#lastId += 1;
    const id = this.#lastId;
    const answered = new Promise<Answers[keyof Answers] | undefined>((resolve) => {
      const cancelDeadline = this.#clock.after(deadlineMs, () => this.#settle(id, undefined));
      this.#asked.set(id, (answer) => {
        cancelDeadline();
        resolve(answer);
      });
    });
    this.#tell({ id, question });
    // A thread answers what it was asked.
    return answered as Promise<Answers[Kind] | undefined>;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #fetch({ id, url }: { readonly id: number; readonly url: string }, fetchText: FetchText): void {
    fetchText(url).then(
      (text) => this.#tell({ fetched: { id, text } }),
      (error: unknown) => {
        const problem = error instanceof Error ? error.message : String(error);
        this.#tell({ fetched: { id, problem } });
      },
    );
  }

  #settle(id: number, answer: Answers[keyof Answers] | undefined): void {
    const settle = this.#asked.get(id);
    this.#asked.delete(id);
    settle?.(answer);
  }

  #tell(message: ToThread): void {
    this.#worker.postMessage(message);
  }
}
