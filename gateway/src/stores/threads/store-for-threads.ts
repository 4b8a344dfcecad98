import type { MessagePort } from 'node:worker_threads';
import type { Grant } from '../../limits/claim.ts';
import type { CounterStore, StoreEvents } from '../../limits/counter-store.ts';
import { answerRequest, type StoreRequest, type StoreResponse } from '../asked-store.ts';

/** What a thread hears: answers, and what the store tells by itself. */
export type ThreadMessage = StoreResponse | { readonly lossSuspected: true } | { readonly gateways: number };

/**
 * The one store of a process, for all of its threads: each asks over a port of its own. A thread is what a gateway is elsewhere, so
 * the gateways that the store counts are as many times as many, and the threads' shares add up to the process' own.
 */
export class StoreForThreads implements StoreEvents {
  readonly #threads: number;
  readonly #reportBug: (error: unknown) => void;
  readonly #ports = new Set<MessagePort>();
  #counted: number | undefined;

  constructor(threads: number, reportBug: (error: unknown) => void) {
    this.#threads = threads;
    this.#reportBug = reportBug;
  }

  /** Answers what comes over a port, until it is closed. */
  attach(port: MessagePort, store: CounterStore): void {
    this.#ports.add(port);
    port.on('message', (request: StoreRequest) => {
      answerRequest(store, request).then(
        (response) => this.#tell(port, this.#asSeen(response)),
        this.#reportBug,
      );
    });
    port.on('close', () => this.#ports.delete(port));
    port.unref();
    if (this.#counted !== undefined) this.#tell(port, { gateways: this.#counted });
  }

  lossSuspected(): void {
    this.#tellAll({ lossSuspected: true });
  }

  gatewaysCounted(gateways: number): void {
    this.#counted = gateways * this.#threads;
    this.#tellAll({ gateways: this.#counted });
  }

  #asSeen(response: StoreResponse): StoreResponse {
    if (!('grants' in response)) return response;
    const seen = (grant: Grant): Grant => ({ ...grant, gateways: grant.gateways * this.#threads });
    return { ...response, grants: response.grants.map(seen) };
  }

  #tellAll(message: ThreadMessage): void {
    for (const port of this.#ports) this.#tell(port, message);
  }

  #tell(port: MessagePort, message: ThreadMessage): void {
    port.postMessage(message);
  }
}
