import type { MessagePort } from 'node:worker_threads';
import type { Claim, Grant } from '../../limits/claim.ts';
import type { CounterKey } from '../../limits/counter-key.ts';
import { StoreError, type CounterStore, type StoreEvents } from '../../limits/counter-store.ts';
import type { Ledger } from '../../limits/ledger.ts';
import { AskedStore } from '../asked-store.ts';
import type { ThreadMessage } from './store-for-threads.ts';

/** Claims from the store of another thread of this process. What the other thread doesn't answer any more fails when its port closes. */
export class ThreadStore implements CounterStore {
  readonly #port: MessagePort;
  readonly #asked: AskedStore;
  #closed = false;

  constructor({ port, events }: { readonly port: MessagePort; readonly events: StoreEvents }) {
    this.#port = port;
    this.#asked = new AskedStore({ send: (request) => port.postMessage(request), error: storeError });
    port.on('message', (message: ThreadMessage) => {
      if ('id' in message) this.#asked.hear(message);
      else if ('gateways' in message) events.gatewaysCounted(message.gateways);
      else events.lossSuspected();
    });
    port.on('close', () => {
      this.#closed = true;
      this.#asked.giveUp(closed);
    });
    port.unref();
  }

  settle(claims: readonly Claim[]): Promise<readonly Grant[]> {
    return this.#closed ? Promise.reject(storeError(closed)) : this.#asked.settle(claims);
  }

  read(keys: readonly CounterKey[]): Promise<readonly (Ledger | undefined)[]> {
    return this.#closed ? Promise.reject(storeError(closed)) : this.#asked.read(keys);
  }

  forget(keys: readonly CounterKey[]): Promise<void> {
    return this.#closed ? Promise.reject(storeError(closed)) : this.#asked.forget(keys);
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#port.close();
    return Promise.resolve();
  }
}

const closed = 'closed its port';

function storeError(what: string): StoreError {
  return new StoreError(`the counters of this process: ${what}`);
}
