import { connect, type Socket } from 'node:net';
import type { Claim, GatewayId, Grant } from '../../limits/claim.ts';
import type { Clock } from '../../limits/clock.ts';
import type { CounterKey } from '../../limits/counter-key.ts';
import { StoreError, type CounterStore, type StoreEvents } from '../../limits/counter-store.ts';
import type { Ledger } from '../../limits/ledger.ts';
import { AskedStore, type StoreResponse } from '../asked-store.ts';
import { gatewayCountOf, responseOf, type Request } from './codec.ts';
import { onJsonLines, writeJsonLine } from './lines.ts';

const reconnectEveryMs = 100;

/** Claims from the counters of another process on this machine. Fails at once while that process is away. */
export class PeerStore implements CounterStore {
  readonly #socketPath: string;
  readonly #gateway: GatewayId;
  readonly #clock: Clock;
  readonly #events: StoreEvents;
  readonly #asked: AskedStore;
  /** Resolves when the first connection stands or has failed. */
  readonly #firstContact: Promise<void>;
  #socket: Socket | undefined;
  #whyAway = 'not connected yet';
  #connectedBefore = false;
  #closed = false;

  /** Each reconnection counts as a loss: the process may be another one, which knows nothing. */
  constructor(parts: {
    readonly socketPath: string;
    readonly gateway: GatewayId;
    readonly clock: Clock;
    readonly events: StoreEvents;
  }) {
    this.#socketPath = parts.socketPath;
    this.#gateway = parts.gateway;
    this.#clock = parts.clock;
    this.#events = parts.events;
    this.#asked = new AskedStore({
      send: (request) => this.#write(request),
      error: (what) => this.#error(what),
    });
    this.#firstContact = new Promise((resolve) => {
      this.#connect(resolve);
    });
  }

  async settle(claims: readonly Claim[]): Promise<readonly Grant[]> {
    await this.#connected();
    return this.#asked.settle(claims);
  }

  async read(keys: readonly CounterKey[]): Promise<readonly (Ledger | undefined)[]> {
    await this.#connected();
    return this.#asked.read(keys);
  }

  async forget(keys: readonly CounterKey[]): Promise<void> {
    await this.#connected();
    await this.#asked.forget(keys);
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#socket?.end();
    return Promise.resolve();
  }

  async #connected(): Promise<void> {
    await this.#firstContact;
    if (this.#socket === undefined) throw this.#error(this.#whyAway);
  }

  #write(request: Request): void {
    if (this.#socket !== undefined) writeJsonLine(this.#socket, request);
  }

  #connect(tried: () => void): void {
    const socket = connect(this.#socketPath);
    socket.once('connect', () => {
      this.#socket = socket;
      if (this.#connectedBefore) this.#events.lossSuspected();
      this.#connectedBefore = true;
      this.#write({ kind: 'hello', gateway: this.#gateway });
      tried();
    });
    socket.on('error', (error) => {
      this.#whyAway = error.message;
    });
    socket.once('close', () => {
      this.#socket = undefined;
      tried();
      this.#asked.giveUp(`closed the connection (${this.#whyAway})`);
      if (!this.#closed) {
        this.#clock.after(reconnectEveryMs, () => {
          if (!this.#closed) this.#connect(() => {});
        });
      }
    });
    onJsonLines(socket, (message) => {
      const count = gatewayCountOf(message);
      if (count === undefined) this.#hear(responseOf(message), socket);
      else this.#events.gatewaysCounted(count);
    });
  }

  #hear(response: StoreResponse | undefined, socket: Socket): void {
    if (response === undefined) socket.destroy(new Error('a message is no response'));
    else this.#asked.hear(response);
  }

  #error(what: string): StoreError {
    return new StoreError(`the counter process at ${this.#socketPath}: ${what}`);
  }
}
