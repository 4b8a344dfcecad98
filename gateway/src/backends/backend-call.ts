import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { failureOf, type BackendFailure } from './failure.ts';

/** Fields of a backend's message by name in lower case; a repeated field has several values. */
export type BackendFields = Readonly<Record<string, string | string[] | undefined>>;

export interface BackendRequest {
  readonly method: string;
  /** The path with its query. */
  readonly path: string;
  /** Name, value, name, value, …; with `content-length` where the body's length is known. Without `Host`. */
  readonly fields: string[];
  readonly body: Readable | undefined;
}

/** Who takes the backend's answer. After `end` or `failed` it hears nothing more. */
export interface BackendReceiver {
  /** An interim answer (1xx, such as 103 Early Hints) before the real one. */
  interim(status: number, fields: BackendFields): void;
  head(status: number, fields: BackendFields): void;
  /** False when no more should come before `resume`. */
  data(chunk: Uint8Array): boolean;
  end(trailers: BackendFields): void;
  /** May come before or after `head`, and even before `send` returns. */
  failed(failure: BackendFailure): void;
}

/** The port to one backend. */
export interface BackendSender {
  send(request: BackendRequest, receiver: BackendReceiver): BackendCall;
}

/** One request on its way. */
export interface BackendCall {
  /** Lets the answer's body flow again. */
  resume(): void;
  /** Gives up; the receiver hears nothing more. */
  abort(): void;
}

/** Turns undici's events into the receiver's, and drops those that come after the end. */
export class DispatchedCall implements BackendCall, Dispatcher.DispatchHandler {
  readonly sentAtMs: number;
  readonly #receiver: BackendReceiver;
  readonly #left: (call: DispatchedCall, place: 'queue' | 'pool') => void;
  #controller: Dispatcher.DispatchController | undefined;
  #over = false;

  /** `left` is told when the call gets its connection (`queue`) and when undici is done with it (`pool`). */
  constructor(
    receiver: BackendReceiver,
    sentAtMs: number,
    left: (call: DispatchedCall, place: 'queue' | 'pool') => void,
  ) {
    this.#receiver = receiver;
    this.sentAtMs = sentAtMs;
    this.#left = left;
  }

  resume(): void {
    if (!this.#over) this.#controller?.resume();
  }

  abort(): void {
    if (this.#over) return;
    this.#over = true;
    // A call that waits for its connection is dropped when it gets one.
    this.#controller?.abort(new Error('nobody waits for the answer'));
  }

  /** Gives up for a reason the receiver doesn't know yet. */
  fail(failure: BackendFailure): void {
    if (this.#over) return;
    this.abort();
    this.#receiver.failed(failure);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#left(this, 'queue');
    if (this.#over) controller.abort(new Error('nobody waits for the answer'));
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, fields: BackendFields): void {
    if (this.#over) return;
    if (status >= 200) this.#receiver.head(status, fields);
    else this.#receiver.interim(status, fields);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    if (!this.#over && !this.#receiver.data(chunk)) controller.pause();
  }

  onResponseEnd(_: Dispatcher.DispatchController, trailers: BackendFields): void {
    this.#left(this, 'pool');
    if (this.#over) return;
    this.#over = true;
    this.#receiver.end(trailers);
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#left(this, 'pool');
    if (this.#over) return;
    this.#over = true;
    this.#receiver.failed(failureOf(error, this.#controller !== undefined));
  }
}
