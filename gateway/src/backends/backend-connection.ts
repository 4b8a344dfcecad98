import type { Socket } from 'node:net';
import type { BackendBounds } from '../config/config.ts';
import { AnswerReader } from './answer-reader.ts';
import type { BackendFailure } from './failure.ts';
import { idleMsAfter } from './idle-ms.ts';
import { isSafe, mayConfuse } from './method-traits.ts';
import { dial, type Origin } from './origin.ts';
import type { CallHolder, PooledCall } from './pooled-call.ts';
import type { Outbox } from '../wire/outbox.ts';
import { RequestWriter } from './request-writer.ts';

/** Whose connection it is. */
export interface ConnectionOwner {
  /** The connection is open and runs no request: for the first time, or again. */
  free(connection: BackendConnection): void;
  /** Nothing more can be sent on it. Told once. */
  lost(connection: BackendConnection): void;
  /** It couldn't be opened; told before `lost`. */
  failedToOpen(connection: BackendConnection, failure: BackendFailure): void;
  /** A call of which the backend has seen nothing is to be sent on another connection; told after `lost`. */
  again(call: PooledCall): void;
  /** The socket speaks another protocol now; told before `lost`, so that it is counted all the time. */
  switched(socket: Socket): void;
}

/** One connection, which runs one request at a time. */
export class BackendConnection implements CallHolder {
  /** The call that made the pool open it, until it is open. */
  cause: PooledCall | undefined;
  /** Set when it becomes free: how long the backend keeps it without a request. */
  idleMsMax: number;
  /** When it is to be closed, as long as it is idle; by the owner's time. */
  idleUntilMs = 0;
  place: 'opening' | 'busy' | 'idle' | 'lost' = 'opening';
  readonly #owner: ConnectionOwner;
  readonly #socket: Socket;
  readonly #answer = new AnswerReader();
  readonly #writer: RequestWriter;
  #call: PooledCall | undefined;
  #requests = 0;
  /** Something of the running request's answer has come. */
  #answered = false;
  #paused = false;
  #switched = false;
  /** Grows with every request, and with what comes of an answer whose head is there. */
  #moves = 0;
  /** What the last sweep saw, and since when it is so. */
  readonly #seen = { moves: -1, sinceMs: 0 };

  constructor(origin: Origin, cause: PooledCall, owner: ConnectionOwner & { readonly outbox: Outbox }) {
    this.cause = cause;
    this.#owner = owner;
    this.idleMsMax = idleMsAfter([]);
    this.#socket = dial(origin, this.#read);
    this.#writer = new RequestWriter(this.#socket, origin.hostLine, owner.outbox);
    this.#socket.once(origin.tls === undefined ? 'connect' : 'secureConnect', this.#opened);
    this.#socket.on('drain', this.#drained);
    this.#socket.on('end', this.#ended);
    this.#socket.on('error', this.#broke);
    this.#socket.on('close', this.#ended);
  }

  send(call: PooledCall): void {
    this.place = 'busy';
    this.#call = call;
    this.#requests += 1;
    this.#moves += 1;
    this.#answered = false;
    call.holder = this;
    this.#answer.begin();
    this.#writer.write(call);
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#moves += 1;
    this.#socket.resume();
  }

  /** An answer still to come would be taken for the next request's. */
  abandon(): void {
    this.close();
  }

  /** The running call fails with `failure`; without one it was told, or is to be told, something else. */
  close(failure?: BackendFailure): void {
    if (this.place === 'lost') return;
    this.place = 'lost';
    const call = this.#call;
    this.#call = undefined;
    if (!this.#switched) this.#socket.destroy();
    this.#writer.stop();
    this.#owner.lost(this);
    if (failure !== undefined) call?.fail(failure);
  }

  /** Closes what has stood still, or was idle, for too long. */
  sweep(nowMs: number, bounds: BackendBounds): void {
    const moves = this.#moves + this.#writer.moves;
    const seen = this.#seen;
    if (seen.moves !== moves || this.#paused) {
      seen.moves = moves;
      seen.sinceMs = nowMs;
    }
    const stillMs = nowMs - seen.sinceMs;
    if (this.place === 'idle') {
      if (nowMs >= this.idleUntilMs) this.close();
    } else if (this.place === 'opening') {
      if (stillMs >= bounds.connectMsMax) this.#failToOpen('connect-deadline');
    } else if (stillMs >= (this.#answer.head === undefined ? bounds.headMsMax : bounds.bodyIdleMsMax)) {
      this.close('silent');
    }
  }

  readonly #opened = (): void => {
    if (this.place !== 'lost') this.#owner.free(this);
  };

  readonly #drained = (): void => {
    this.#writer.drained();
  };

  /** False when the socket should pause. */
  readonly #read = (bytes: Buffer): boolean => {
    // In this mode of reading the next owner gets nothing that isn't handed on.
    if (this.#switched) return this.#socket.push(Buffer.from(bytes));
    const call = this.#call;
    if (call === undefined || this.#writer.waits) {
      // Nobody has asked: it would be taken for the answer to whoever asks next.
      this.#lose(call);
      return true;
    }
    this.#answered = true;
    const standing = this.#answer.read(bytes, call);
    switch (standing) {
      case 'open':
        return this.#goOn(call);
      case 'complete':
        this.#complete(call, this.#answer.end === bytes.length);
        return true;
      case 'switched':
        return this.#switch(call, bytes);
      case 'invalid':
        this.close('invalid');
        return true;
      case 'over':
        return true;
      default:
        return standing satisfies never;
    }
  };

  #goOn(call: PooledCall): boolean {
    if (this.#answer.head !== undefined) this.#moves += 1;
    this.#paused = !this.#answer.flows;
    call.receiver.flush();
    return !this.#paused;
  }

  /** Bytes behind an answer nobody asked for, and a request that isn't wholly sent, leave nothing to go on with. */
  #complete(call: PooledCall, endsClean: boolean): void {
    const { head, trailers } = this.#answer;
    const isClean = endsClean && this.#writer.done && this.#socket.writable;
    const keeps = isClean && head?.keepsAlive === true && !mayConfuse(call.request);
    this.idleMsMax = keeps ? idleMsAfter(head.fields) : 0;
    call.over = true;
    this.#call = undefined;
    if (this.idleMsMax > 0) this.#owner.free(this);
    else this.close();
    call.receiver.end(trailers);
  }

  #switch(call: PooledCall, bytes: Buffer): boolean {
    const { head, end } = this.#answer;
    if (head === undefined || !this.#writer.done) {
      this.close('invalid');
      return true;
    }
    this.#switched = true;
    call.over = true;
    const socket = this.#socket;
    socket
      .off('drain', this.#drained)
      .off('end', this.#ended)
      .off('error', this.#broke)
      .off('close', this.#ended);
    socket.removeAllListeners('data').pause();
    this.#owner.switched(socket);
    this.close();
    call.receiver.switched(head.fields, socket, Buffer.from(bytes.subarray(end)));
    return false;
  }

  /** The backend says nothing more: in the middle of an answer, unless that is what ends it. */
  readonly #ended = (): void => {
    const call = this.#call;
    if (this.place === 'opening') this.#failToOpen('unreachable');
    else if (call !== undefined && this.#answer.endsWithConnection) this.#complete(call, false);
    else this.#lose(call);
  };

  readonly #broke = (error: NodeJS.ErrnoException): void => {
    if (this.place === 'opening') {
      this.#failToOpen('unreachable');
      return;
    }
    this.#lose(this.#call, error);
  };

  /** Nothing more can be had here: the running call goes to another connection, or fails. */
  #lose(call: PooledCall | undefined, error?: NodeJS.ErrnoException): void {
    if (call === undefined || !this.#mayRepeat(call, error)) {
      this.close('broken');
      return;
    }
    this.close();
    call.retried = true;
    this.#owner.again(call);
  }

  /**
   * Once, if nothing of the request left this machine, or if the backend had given up a kept connection before: it resets what
   * it doesn't read. A clean end proves nothing.
   */
  #mayRepeat({ request, retried }: PooledCall, error: NodeJS.ErrnoException | undefined): boolean {
    if (retried || this.#answered) return false;
    if (this.#writer.takeBack() || this.#writer.unsent) return true;
    const wasReset = this.#requests > 1 && (error?.code === 'ECONNRESET' || error?.code === 'EPIPE');
    return wasReset && request.body === undefined && isSafe(request.method);
  }

  #failToOpen(failure: BackendFailure): void {
    this.#owner.failedToOpen(this, failure);
    this.close();
  }
}
