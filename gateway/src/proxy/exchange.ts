/*
 * proxy/ promises: each request gets exactly one answer: the backend's, after the request has paid its limits, or a
 * refusal that names its cause. handle.ts tells the order, a file per stage. Only server.ts and the client-*.ts files know the
 * wire below an Exchange, only backends/ the wire to a backend. It must not know stores, leases, files or commands.
 */
import type { BodySource } from '../wire/body-source.ts';
import type { Fields } from '../wire/fields.ts';
import type { BodyRooms, HeldBody } from './body-room.ts';
import type { Refusal } from './refusal.ts';
import type { TunnelEnd } from './framed-tunnel.ts';
import type { TunnelRule } from './message-gate.ts';

/** What a client asked, as it came. */
export interface RequestHead {
  readonly method: string;
  /** The request target, not yet looked at. */
  readonly target: string;
  readonly fields: Fields;
  /** The body's length in bytes, 0 without a body, `unknown` when it comes in chunks. */
  readonly bodyBytes: number | 'unknown';
  /** The protocol the client would rather speak on this connection, in lower case. */
  readonly upgrade?: string | undefined;
  /** Absent for `http`. */
  readonly scheme?: 'http' | 'https';
  /** The address of the socket's other end. */
  readonly peer: string;
  /** Why the wire can't take this request any further, if so. */
  readonly flaw: Refusal | undefined;
}

/** One request and the means to answer it: all that the stages see of a connection. */
export interface Exchange {
  readonly head: RequestHead;
  /** When the request's head was complete, in ms of the stopwatch. */
  readonly startedAtMs: number;
  /** The status of the answer, once its head was handed over. */
  readonly status: number | undefined;
  /** The client has gone, or everything was said. Later calls do nothing. */
  readonly over: boolean;
  /** Body bytes so far, without framing. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Opens the request's body, once, and tells a client that waits for it to go on (100-continue). */
  openBody(): BodySource | undefined;
  /** What its body holds of a room, always the same, while it is read whole before it goes on; given up when the exchange is over, or before. */
  holdBody(room: keyof BodyRooms): HeldBody;
  /** Sends an interim answer (1xx, such as 103 Early Hints) before the answer. */
  interim(status: number, fields: Fields): void;
  /** Sends a complete answer. */
  answer(answer: Answer): void;
  /** Sends the head of an answer whose body follows by `write`. */
  start(status: number, fields: Fields): void;
  /** False when the client should drain first: then wait for `onDrain`. The bytes are the caller's own again afterwards. */
  write(bytes: Buffer): boolean;
  /** Nothing more comes for now: what was gathered leaves. */
  flush(): void;
  finish(trailers: Fields): void;
  /**
   * Tells the client that the protocol changes, and joins its connection to the backend's from then on. Takes what `backend`
   * holds, also when the client has gone. The rule decides about what goes through.
   */
  join(fields: Fields, backend: TunnelEnd, rule: TunnelRule | undefined): void;
  /** Destroys the connection: for an answer that was begun and can't be completed. */
  cut(): void;
  /** Called when `write` may go on. */
  onDrain: () => void;
  /** Called when the request's body broke off, came too slowly or isn't HTTP, unless the exchange is over. */
  onBodyFailure: (refusal: Refusal) => void;
  /** Called once, at the very end. `aborted`: the client didn't get a whole answer. */
  onOver: (end: { readonly aborted: boolean }) => void;
}

/** A complete answer of the gateway itself. */
export interface Answer {
  readonly status: number;
  readonly fields: Fields;
  readonly body: string;
  /** The connection can't be used after this answer. */
  readonly closes: boolean;
}
