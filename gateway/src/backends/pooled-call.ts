import type { BackendCall, BackendReceiver, BackendRequest } from './backend-call.ts';
import type { BackendFailure } from './failure.ts';

/** Who has the call now: the pool while it waits, then its connection. */
export interface CallHolder {
  resume(): void;
  /** The call is over for a reason outside. */
  abandon(call: PooledCall): void;
}

/** A request and its receiver on their way through a pool. */
export class PooledCall implements BackendCall {
  readonly request: BackendRequest;
  readonly receiver: BackendReceiver;
  holder: CallHolder;
  over = false;
  /** It was sent again: never a third time. */
  retried = false;
  /** The whole message, if it was taken from its source and nothing of it left this machine. */
  message = '';
  /** When a sweep saw it waiting first. */
  waitsSinceMs: number | undefined;
  /** A connection is being opened because of it. */
  dials = false;

  constructor(request: BackendRequest, receiver: BackendReceiver, holder: CallHolder) {
    this.request = request;
    this.receiver = receiver;
    this.holder = holder;
  }

  resume(): void {
    if (!this.over) this.holder.resume();
  }

  abort(): void {
    if (this.over) return;
    this.over = true;
    this.holder.abandon(this);
  }

  fail(failure: BackendFailure): void {
    if (this.over) return;
    this.over = true;
    this.receiver.failed(failure);
  }

  /** For a call that has no connection: nobody will ask for its body. */
  stopBody(): void {
    if (this.message === '') this.request.body?.stop();
  }
}
