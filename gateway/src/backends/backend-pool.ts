/*
 * backends/ promises: a request reaches its backend over a kept-alive connection or fails for one clear cause, and both
 * bodies flow no faster than their reader takes them. Connections, waiting requests and every wait are bounded. A request
 * is sent again only if the backend has seen nothing of it. It knows nothing of clients, limits or APIs.
 */
import type { Socket } from 'node:net';
import type { BackendBounds } from '../config/config.ts';
import type { Clock } from '../limits/clock.ts';
import { Outbox } from '../wire/outbox.ts';
import type { BackendCall, BackendReceiver, BackendRequest, BackendSender } from './backend-call.ts';
import { BackendConnection, type ConnectionOwner } from './backend-connection.ts';
import type { BackendFailure } from './failure.ts';
import type { Origin } from './origin.ts';
import { PooledCall, type CallHolder } from './pooled-call.ts';

/**
 * The connections to one origin. Who comes while none is idle waits for whichever is free first, and opens another one if
 * there may be more.
 */
export class BackendPool implements BackendSender, ConnectionOwner, CallHolder {
  /** Of all its connections. */
  readonly outbox: Outbox;
  readonly #origin: Origin;
  readonly #clock: Clock;
  readonly #bounds: BackendBounds;
  readonly #sweepEveryMs: number;
  /** All that are opening, busy or idle. */
  readonly #connections = new Set<BackendConnection>();
  /** The one that was used last is used first, so that those too many grow old. */
  readonly #idle: BackendConnection[] = [];
  #opening = 0;
  /** In order of arrival. */
  readonly #waiting = new Set<PooledCall>();
  /** Sockets that left HTTP, until they close. */
  readonly #switched = new Set<Socket>();
  #sweeps = false;
  /** The time of the last sweep, at most one sweep ago while there are connections. */
  #nowMs = 0;
  #closed = false;

  constructor(origin: Origin, clock: Clock, bounds: BackendBounds) {
    this.outbox = new Outbox(clock);
    this.#origin = origin;
    this.#clock = clock;
    this.#bounds = bounds;
    this.#sweepEveryMs = sweepEveryMs(bounds);
  }

  send(request: BackendRequest, receiver: BackendReceiver): BackendCall {
    const call = new PooledCall(request, receiver, this);
    const connection = this.#idle.pop();
    if (connection !== undefined) connection.send(call);
    else if (this.#closed) this.#failUnsent(call, 'unreachable');
    else if (!this.#hasRoom && this.#waiting.size - this.#opening >= this.#bounds.waitingMax)
      this.#failUnsent(call, 'busy');
    else this.#wait(call);
    return call;
  }

  /** Breaks every connection off; calls that still run fail. */
  close(): void {
    this.#closed = true;
    for (const call of this.#waiting) this.#failUnsent(call, 'unreachable');
    for (const connection of this.#connections) connection.close('broken');
    for (const socket of this.#switched) socket.destroy();
  }

  get isUnused(): boolean {
    return this.#connections.size + this.#switched.size + this.#waiting.size === 0;
  }

  /** Nothing flows to a call that waits. */
  resume(): void {}

  abandon(call: PooledCall): void {
    this.#waiting.delete(call);
    call.stopBody();
  }

  free(connection: BackendConnection): void {
    if (connection.place === 'opening') this.#settled(connection);
    for (const next of this.#waiting) {
      this.#waiting.delete(next);
      connection.send(next);
      return;
    }
    connection.place = 'idle';
    connection.idleUntilMs = this.#nowMs + connection.idleMsMax;
    this.#idle.push(connection);
  }

  lost(connection: BackendConnection): void {
    this.#connections.delete(connection);
    const at = this.#idle.lastIndexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
    this.#openMore();
  }

  failedToOpen(connection: BackendConnection, failure: BackendFailure): void {
    const { cause } = connection;
    this.#settled(connection);
    // Whoever made it open may have found another one meanwhile.
    if (cause !== undefined && this.#waiting.has(cause)) this.#failUnsent(cause, failure);
  }

  again(call: PooledCall): void {
    call.holder = this;
    if (this.#closed) call.fail('broken');
    else this.#wait(call);
  }

  switched(socket: Socket): void {
    this.#switched.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => {
      this.#switched.delete(socket);
      this.#openMore();
    });
  }

  get #hasRoom(): boolean {
    return this.#connections.size + this.#switched.size < this.#bounds.connectionsMax;
  }

  #wait(call: PooledCall): void {
    this.#waiting.add(call);
    if (!this.#sweeps) this.#sweepLater();
    if (this.#hasRoom) this.#open(call);
  }

  #open(cause: PooledCall): void {
    cause.dials = true;
    this.#opening += 1;
    this.#connections.add(new BackendConnection(this.#origin, cause, this));
  }

  #settled(connection: BackendConnection): void {
    if (connection.cause !== undefined) connection.cause.dials = false;
    connection.cause = undefined;
    this.#opening -= 1;
  }

  /** Opens what is missing for those who wait, now that there is room. */
  #openMore(): void {
    if (this.#closed || this.#opening >= this.#waiting.size) return;
    for (const call of this.#waiting) {
      if (!this.#hasRoom || this.#opening >= this.#waiting.size) return;
      if (!call.dials) this.#open(call);
    }
  }

  #failUnsent(call: PooledCall, failure: BackendFailure): void {
    this.#waiting.delete(call);
    call.stopBody();
    call.fail(failure);
  }

  #sweepLater(): void {
    this.#sweeps = true;
    this.#nowMs = this.#clock.monotonicMs();
    this.#clock.after(this.#sweepEveryMs, () => {
      this.#sweeps = false;
      this.#sweep(this.#clock.monotonicMs());
      if (this.#connections.size + this.#waiting.size > 0 && !this.#sweeps) this.#sweepLater();
    });
  }

  #sweep(nowMs: number): void {
    this.#nowMs = nowMs;
    for (const connection of this.#connections) connection.sweep(nowMs, this.#bounds);
    for (const call of this.#waiting) {
      call.waitsSinceMs ??= nowMs;
      if (nowMs - call.waitsSinceMs >= this.#bounds.waitMsMax) this.#failUnsent(call, 'busy');
    }
  }
}

/** How often waits are looked at: one may last up to twice this much longer than its bound. */
function sweepEveryMs({ waitMsMax, connectMsMax, headMsMax, bodyIdleMsMax }: BackendBounds): number {
  return Math.min(500, Math.ceil(Math.min(waitMsMax, connectMsMax, headMsMax, bodyIdleMsMax) / 4));
}
