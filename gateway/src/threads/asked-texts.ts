import type { FetchText } from '../identity/jwks-source.ts';
import type { FetchedText } from './thread-messages.ts';

/** A thread's way to texts that the main one fetches, for all threads together. */
export class AskedTexts {
  readonly #ask: (fetch: { readonly id: number; readonly url: string }) => void;
  readonly #waiting = new Map<number, PromiseWithResolvers<string>>();
  #lastId = 0;

  constructor(ask: (fetch: { readonly id: number; readonly url: string }) => void) {
    this.#ask = ask;
  }

  readonly fetch: FetchText = (url) => {
    this.#lastId += 1;
    const waiting = Promise.withResolvers<string>();
    this.#waiting.set(this.#lastId, waiting);
    this.#ask({ id: this.#lastId, url });
    return waiting.promise;
  };

  fetched(fetched: FetchedText): void {
    const waiting = this.#waiting.get(fetched.id);
    this.#waiting.delete(fetched.id);
    if ('text' in fetched) waiting?.resolve(fetched.text);
    else waiting?.reject(new Error(fetched.problem));
  }
}
