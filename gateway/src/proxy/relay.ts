import type { Socket } from 'node:net';
import type { BackendReceiver } from '../backends/backend-call.ts';
import type { BackendFailure } from '../backends/failure.ts';
import type { Fields } from '../wire/fields.ts';

/** Steers the answer that is being received. */
export interface AnswerControl {
  /** Lets the body flow again. */
  resume(): void;
  /** Wants no more of it. */
  abort(): void;
}

/** Passes a backend's answer on as it comes, to be looked at on its way. */
export class Relay implements BackendReceiver {
  protected readonly next: BackendReceiver;

  constructor(next: BackendReceiver) {
    this.next = next;
  }

  interim(status: number, fields: Fields): void {
    this.next.interim(status, fields);
  }

  head(status: number, fields: Fields): void {
    this.next.head(status, fields);
  }

  data(bytes: Buffer): boolean {
    return this.next.data(bytes);
  }

  flush(): void {
    this.next.flush();
  }

  end(trailers: Fields): void {
    this.next.end(trailers);
  }

  failed(failure: BackendFailure): void {
    this.next.failed(failure);
  }

  switched(fields: Fields, socket: Socket, first: Buffer): void {
    this.next.switched(fields, socket, first);
  }
}
