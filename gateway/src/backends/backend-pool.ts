/*
 * backends/ promises: a request reaches its backend over a kept-alive connection or fails for one clear cause, and both
 * bodies flow no faster than their reader takes them. Connections, waiting requests and every wait are bounded. A request
 * is sent at most once. It knows nothing of clients, limits or APIs; undici stays behind it.
 */
import type { ConnectionOptions } from 'node:tls';
import { Pool } from 'undici';
import type { BackendBounds, BackendSettings, BackendTls } from '../config/config.ts';
import type { Clock } from '../limits/clock.ts';
import {
  DispatchedCall,
  type BackendCall,
  type BackendReceiver,
  type BackendRequest,
  type BackendSender,
} from './backend-call.ts';

/** How often the waiting requests are looked at; none has a timer of its own. */
const sweepEveryMs = 500;

/** The connections to one origin. */
export class BackendPool implements BackendSender {
  readonly #pool: Pool;
  readonly #clock: Clock;
  readonly #bounds: BackendBounds;
  /** All calls undici still knows, those included that wait for a connection. */
  #calls = 0;
  /** Calls that wait for a connection, in order of arrival. */
  readonly #waiting = new Set<DispatchedCall>();
  #sweepPlanned = false;

  constructor(origin: string, clock: Clock, { bounds, tls }: BackendSettings) {
    this.#clock = clock;
    this.#bounds = bounds;
    this.#pool = new Pool(origin, {
      allowH2: false,
      pipelining: 1,
      connections: bounds.connectionsMax,
      connectTimeout: bounds.connectMsMax,
      headersTimeout: bounds.headMsMax,
      bodyTimeout: bounds.bodyIdleMsMax,
      maxHeaderSize: 16 * 1024,
      connect: connectOptions(tls),
    });
  }

  send(request: BackendRequest, receiver: BackendReceiver): BackendCall {
    const call = new DispatchedCall(receiver, this.#clock.monotonicMs(), this.#left);
    if (this.#calls >= this.#bounds.connectionsMax + this.#bounds.waitingMax) {
      call.fail('busy');
      return call;
    }
    this.#calls += 1;
    this.#waiting.add(call);
    const { method, path, fields, body = null } = request;
    this.#pool.dispatch({ method, path, headers: fields, body }, call);
    if (this.#waiting.size > 0) this.#sweepLater();
    return call;
  }

  /** Breaks every connection off; calls that still run fail. */
  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  readonly #left = (call: DispatchedCall, place: 'queue' | 'pool'): void => {
    this.#waiting.delete(call);
    if (place === 'pool') this.#calls -= 1;
  };

  /** A call that has waited too long for a connection fails; the one behind it may have its place. */
  #sweepLater(): void {
    if (this.#sweepPlanned) return;
    this.#sweepPlanned = true;
    this.#clock.after(sweepEveryMs, () => {
      this.#sweepPlanned = false;
      const sentBeforeMs = this.#clock.monotonicMs() - this.#bounds.waitMsMax;
      for (const call of this.#waiting) {
        if (call.sentAtMs > sentBeforeMs) break;
        this.#waiting.delete(call);
        call.fail('busy');
      }
      if (this.#waiting.size > 0) this.#sweepLater();
    });
  }
}

function connectOptions({
  verify,
  ca,
  certificate,
  key,
  passphrase,
  serverName,
}: BackendTls): ConnectOptions {
  return {
    rejectUnauthorized: verify,
    ...(ca !== undefined && { ca }),
    ...(certificate !== undefined && { cert: certificate }),
    ...(key !== undefined && { key }),
    ...(passphrase !== undefined && { passphrase }),
    ...(serverName !== undefined && { servername: serverName }),
  };
}

/** What the pool hands to node's TLS. */
type ConnectOptions = Pick<
  ConnectionOptions,
  'rejectUnauthorized' | 'ca' | 'cert' | 'key' | 'passphrase' | 'servername'
>;
