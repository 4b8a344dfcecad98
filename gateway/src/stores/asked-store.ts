import type { Claim, Grant } from '../limits/claim.ts';
import type { CounterKey } from '../limits/counter-key.ts';
import { StoreError, type CounterStore } from '../limits/counter-store.ts';
import type { Ledger } from '../limits/ledger.ts';

/** What is asked of a store elsewhere. */
export type StoreRequest =
  | { readonly kind: 'settle'; readonly id: number; readonly claims: readonly Claim[] }
  | { readonly kind: 'read' | 'forget'; readonly id: number; readonly keys: readonly CounterKey[] };

export type StoreResponse =
  | { readonly id: number; readonly grants: readonly Grant[] }
  | { readonly id: number; readonly ledgers: readonly (Ledger | undefined)[] }
  | { readonly id: number; readonly forgotten: true }
  | { readonly id: number; readonly error: string };

/** The side that has the store. Whatever isn't a StoreError is a bug and rejects. */
export async function answerRequest(store: CounterStore, request: StoreRequest): Promise<StoreResponse> {
  const { id } = request;
  try {
    if (request.kind === 'settle') return { id, grants: await store.settle(request.claims) };
    if (request.kind === 'read') return { id, ledgers: await store.read(request.keys) };
    await store.forget(request.keys);
    return { id, forgotten: true };
  } catch (error) {
    if (error instanceof StoreError) return { id, error: error.message };
    throw error;
  }
}

interface Unanswered {
  readonly resolve: (response: StoreResponse) => void;
  readonly reject: (error: StoreError) => void;
}

const unansweredMax = 10_000;

/** The side that asks, over anything that carries requests there and responses back. Deadlines are the caller's. */
export class AskedStore {
  readonly #send: (request: StoreRequest) => void;
  readonly #error: (what: string) => StoreError;
  readonly #unanswered = new Map<number, Unanswered>();
  #lastId = 0;

  /** `error` says which store it is that failed. */
  constructor(ports: {
    readonly send: (request: StoreRequest) => void;
    readonly error: (what: string) => StoreError;
  }) {
    this.#send = ports.send;
    this.#error = ports.error;
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
    return response.ledgers;
  }

  async forget(keys: readonly CounterKey[]): Promise<void> {
    await this.#ask((id) => ({ kind: 'forget', id, keys }));
  }

  /** Takes in a response; one that nobody waits for changes nothing. */
  hear(response: StoreResponse): void {
    const waiting = this.#unanswered.get(response.id);
    this.#unanswered.delete(response.id);
    if ('error' in response) waiting?.reject(this.#error(response.error));
    else waiting?.resolve(response);
  }

  /** No response will come any more. */
  giveUp(why: string): void {
    const lost = this.#error(why);
    for (const { reject } of this.#unanswered.values()) reject(lost);
    this.#unanswered.clear();
  }

  #ask(request: (id: number) => StoreRequest): Promise<StoreResponse> {
    if (this.#unanswered.size >= unansweredMax) return Promise.reject(this.#error('owes too many answers'));
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#unanswered.set(id, { resolve, reject });
      this.#send(request(id));
    });
  }
}
