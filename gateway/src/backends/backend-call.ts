import type { Socket } from 'node:net';
import type { BodySource } from '../wire/body-source.ts';
import type { Fields } from '../wire/fields.ts';
import type { BackendFailure } from './failure.ts';

export interface BackendRequest {
  readonly method: string;
  /** The path with its query: visible ASCII that starts with a slash. */
  readonly path: string;
  /**
   * With `content-length` where the body's length is known. `Host`, the fields of the connection and those of chunks are
   * written behind this port.
   */
  readonly fields: Fields;
  /** Started when the request has its connection; stopped when the call ends before it. */
  readonly body: BodySource | undefined;
  /** The protocol the client wants to change to, if the backend agrees. */
  readonly upgrade?: string | undefined;
}

/**
 * Who takes the backend's answer. After `end`, `failed` or `switched` it hears nothing more. Names of fields are in lower
 * case, but for trailers. What one read brought is told before the next one.
 */
export interface BackendReceiver {
  /** An interim answer (1xx, such as 103 Early Hints) before the real one. */
  interim(status: number, fields: Fields): void;
  head(status: number, fields: Fields): void;
  /** False when no more should come before `resume`. The bytes are the receiver's only until it returns. */
  data(bytes: Buffer): boolean;
  /** Nothing more comes for now, whether a head came or not: what was gathered can be sent. */
  flush(): void;
  end(trailers: Fields): void;
  /** May come before or after `head`, and even before `send` returns. */
  failed(failure: BackendFailure): void;
  /** The backend agreed to `upgrade`: the socket, which is paused, and what came on it already are the receiver's. */
  switched(fields: Fields, socket: Socket, first: Buffer): void;
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
