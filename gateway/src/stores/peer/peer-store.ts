import { connect, type Socket } from 'node:net';
import type { Claim, GatewayId, Grant } from '../../limits/claim.ts';
import type { Clock } from '../../limits/clock.ts';
import type { CounterKey } from '../../limits/counter-key.ts';
import { StoreError, type CounterStore, type StoreEvents } from '../../limits/counter-store.ts';
import type { Ledger } from '../../limits/ledger.ts';
import { gatewayCountOf, ledgerOf, responseOf, type Request, type Response } from './codec.ts';
import { onJsonLines, writeJsonLine } from './lines.ts';

const reconnectEveryMs = 100;
const unansweredMax = 10_000;

interface Unanswered {
  readonly resolve: (response: Response) => void;
  readonly reject: (error: StoreError) => void;
}

/** Claims from the counters of another process on this machine. Fails at once while that process is away. */
export class PeerStore implements CounterStore {
  readonly #socketPath: string;
  readonly #gateway: GatewayId;
  readonly #clock: Clock;
  readonly #events: StoreEvents;
  readonly #unanswered = new Map<number, Unanswered>();
  /** Resolves when the first connection stands or has failed. */
  readonly #firstContact: Promise<void>;
  #socket: Socket | undefined;
  #whyAway = 'not connected yet';
  #lastId = 0;
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
    this.#firstContact = new Promise((resolve) => {
      this.#connect(resolve);
    });
  }

  async settle(claims: readonly Claim[]): Promise<readonly Grant[]> {
    const response = await this.#ask((id) => ({ kind: 'settle', id, claims }));
    if (!('grants' in response) || response.grants.length !== claims.length)
      throw this.#error('sent another answer');
    return response.grants;
  }

  async read(keys: readonly CounterKey[]): Promise<readonly (Ledger | undefined)[]> {
    const response = await this.#ask((id) => ({ kind: 'read', id, keys }));
    if (!('ledgers' in response) || response.ledgers.length !== keys.length)
      throw this.#error('sent another answer');
    return response.ledgers.map(ledgerOf);
  }

  async forget(keys: readonly CounterKey[]): Promise<void> {
    await this.#ask((id) => ({ kind: 'forget', id, keys }));
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#socket?.end();
    return Promise.resolve();
  }

  async #ask(request: (id: number) => Request): Promise<Response> {
    await this.#firstContact;
    const socket = this.#socket;
    if (socket === undefined) throw this.#error(this.#whyAway);
    if (this.#unanswered.size >= unansweredMax) throw this.#error('owes too many answers');
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#unanswered.set(id, { resolve, reject });
      writeJsonLine(socket, request(id));
    });
  }

  #connect(tried: () => void): void {
    const socket = connect(this.#socketPath);
    socket.once('connect', () => {
      this.#socket = socket;
      if (this.#connectedBefore) this.#events.lossSuspected();
      this.#connectedBefore = true;
      writeJsonLine(socket, { kind: 'hello', gateway: this.#gateway } satisfies Request);
      tried();
    });
    socket.on('error', (error) => {
      this.#whyAway = error.message;
    });
    socket.once('close', () => {
      this.#socket = undefined;
      tried();
      const lost = this.#error(`closed the connection (${this.#whyAway})`);
      for (const { reject } of this.#unanswered.values()) reject(lost);
      this.#unanswered.clear();
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

  #hear(response: Response | undefined, socket: Socket): void {
    if (response === undefined) {
      socket.destroy(new Error('a message is no response'));
      return;
    }
    const waiting = this.#unanswered.get(response.id);
    this.#unanswered.delete(response.id);
    if ('error' in response) waiting?.reject(this.#error(response.error));
    else waiting?.resolve(response);
  }

  #error(what: string): StoreError {
    return new StoreError(`the counter process at ${this.#socketPath}: ${what}`);
  }
}
