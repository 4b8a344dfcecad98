import type { Socket } from 'node:net';
import type { Clock } from '../limits/clock.ts';
import type { BackendCall, BackendReceiver, BackendRequest, BackendSender } from './backend-call.ts';
import { type Attempt, BackendChoice, type ChoiceRule } from './backend-choice.ts';
import type { Fields } from '../wire/fields.ts';
import type { BackendFailure } from './failure.ts';

export interface GroupTarget {
  readonly sender: BackendSender;
  /** What stands before a request's path there: empty, or it starts with a slash and ends without. */
  readonly pathPrefix: string;
}

/**
 * Several targets that stand for one backend. A request goes to another target only when it certainly wasn't sent to the
 * first: there was no connection, or no place to wait for one, and nobody had begun to read its body.
 */
export class BackendGroup implements BackendSender {
  /** What a request's path begins with when it comes here; each target's own takes its place. */
  readonly pathPrefix: string;
  readonly #targets: readonly GroupTarget[];
  readonly #choice: BackendChoice;
  readonly #clock: Clock;

  constructor(targets: readonly GroupTarget[], rule: ChoiceRule, clock: Clock) {
    this.#targets = targets;
    this.#choice = new BackendChoice(targets.length, rule);
    this.#clock = clock;
    // One that isn't empty: with it a path that ends there can be told from one with a slash behind.
    this.pathPrefix = targets.find(({ pathPrefix }) => pathPrefix !== '')?.pathPrefix ?? '';
  }

  send(request: BackendRequest, receiver: BackendReceiver): BackendCall {
    const call = new GroupCall(request, receiver, {
      choice: this.#choice,
      clock: this.#clock,
      send: (target, to) => this.#sendTo(target, request, to),
    });
    call.start();
    return call;
  }

  #sendTo(index: number, request: BackendRequest, receiver: BackendReceiver): BackendCall {
    const target = this.#targets[index];
    if (target === undefined) throw new Error(`there is no target ${index}`);
    const { sender, pathPrefix } = target;
    if (pathPrefix === this.pathPrefix) return sender.send(request, receiver);
    const path = pathPrefix + request.path.slice(this.pathPrefix.length);
    return sender.send({ ...request, path: path.startsWith('/') ? path : `/${path}` }, receiver);
  }
}

interface Group {
  readonly choice: BackendChoice;
  readonly clock: Clock;
  readonly send: (target: number, receiver: BackendReceiver) => BackendCall;
}

/** One request on its way to one target after the other. Each is given up before the next begins. */
class GroupCall implements BackendCall, BackendReceiver {
  readonly #request: BackendRequest;
  readonly #receiver: BackendReceiver;
  readonly #group: Group;
  readonly #tried = new Set<number>();
  #call: BackendCall | undefined;
  /** Until it is known how the attempt went. */
  #attempt: Attempt | undefined;
  /** Inside `send` of a target, which may fail before it returns. */
  #sending = false;
  #failedWhileSending: BackendFailure | undefined;
  #over = false;

  constructor(request: BackendRequest, receiver: BackendReceiver, group: Group) {
    this.#request = request;
    this.#receiver = receiver;
    this.#group = group;
  }

  /** Sends to the next target until one takes it. When none is left, the last failure is the request's. */
  start(last: BackendFailure = 'unreachable'): void {
    const { choice, clock, send } = this.#group;
    for (let failure = last; !this.#over;) {
      const attempt = choice.pick(clock.monotonicMs(), this.#tried);
      if (attempt === undefined) return this.#fail(failure);
      this.#tried.add(attempt.target);
      this.#attempt = attempt;
      this.#sending = true;
      this.#failedWhileSending = undefined;
      this.#call = send(attempt.target, this);
      this.#sending = false;
      if (this.#failedWhileSending === undefined) return;
      failure = this.#failedWhileSending;
    }
  }

  resume(): void {
    this.#call?.resume();
  }

  abort(): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#attempt !== undefined) this.#group.choice.undecided(this.#attempt);
    this.#call?.abort();
  }

  interim(status: number, fields: Fields): void {
    this.#receiver.interim(status, fields);
  }

  head(status: number, fields: Fields): void {
    const { choice, clock } = this.#group;
    if (this.#attempt !== undefined) {
      if (status >= 502 && status <= 504) choice.failed(this.#attempt, clock.monotonicMs());
      else choice.succeeded(this.#attempt);
    }
    this.#attempt = undefined;
    this.#receiver.head(status, fields);
  }

  data(bytes: Buffer): boolean {
    return this.#receiver.data(bytes);
  }

  flush(): void {
    this.#receiver.flush();
  }

  switched(fields: Fields, socket: Socket, first: Buffer): void {
    if (this.#attempt !== undefined) this.#group.choice.succeeded(this.#attempt);
    this.#over = true;
    this.#receiver.switched(fields, socket, first);
  }

  end(trailers: Fields): void {
    this.#over = true;
    this.#receiver.end(trailers);
  }

  failed(failure: BackendFailure): void {
    if (this.#over) return;
    const { choice, clock } = this.#group;
    const attempt = this.#attempt;
    this.#attempt = undefined;
    // That many wait for a target is no sign of its health.
    if (attempt !== undefined && failure === 'busy') choice.undecided(attempt);
    else if (attempt !== undefined) choice.failed(attempt, clock.monotonicMs());
    if (attempt === undefined || !this.#wasNotSent(failure)) this.#fail(failure);
    else if (this.#sending) this.#failedWhileSending = failure;
    else this.start(failure);
  }

  #wasNotSent(failure: BackendFailure): boolean {
    switch (failure) {
      case 'unreachable':
      case 'connect-deadline':
        return isUntouched(this.#request);
      case 'busy':
        // Later it means a long wait, and another would follow.
        return this.#sending && isUntouched(this.#request);
      case 'silent':
      case 'broken':
      case 'invalid':
        return false;
      default:
        return failure satisfies never;
    }
  }

  #fail(failure: BackendFailure): void {
    this.#over = true;
    this.#receiver.failed(failure);
  }
}

function isUntouched({ body }: BackendRequest): boolean {
  return body?.touched !== true;
}
