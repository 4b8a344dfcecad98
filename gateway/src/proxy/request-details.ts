import type { Address } from '../identity/address.ts';
import { clientAddress } from '../identity/client-address.ts';
import { ipNumber, type IpNumber } from '../policy/ip-number.ts';
import type { Claims, RequestDetails } from '../policy/request-facts.ts';
import type { RequestHead } from './exchange.ts';
import { fieldValues } from './fields.ts';
import type { Serving } from './serving.ts';

/** Where the details of a request are looked up. */
export interface DetailsSource {
  readonly head: RequestHead;
  /** As it was sent, with its question mark; empty when there is none. */
  readonly query: string;
  readonly claims: Claims | undefined;
  readonly trustedProxies: Serving['trustedProxies'];
}

/** The details of a request, each worked out once and only when a policy asks for it. */
export class LazyDetails implements RequestDetails {
  readonly #source: DetailsSource;
  #address: { readonly number: IpNumber | undefined } | undefined;
  #parameters: URLSearchParams | undefined;

  constructor(source: DetailsSource) {
    this.#source = source;
  }

  get address(): IpNumber | undefined {
    if (this.#address === undefined) {
      const { head, trustedProxies } = this.#source;
      const client = clientOf(head, trustedProxies);
      this.#address = { number: client && ipNumber(client.text) };
    }
    return this.#address.number;
  }

  get claims(): Claims | undefined {
    return this.#source.claims;
  }

  fieldValues(name: string): readonly string[] {
    return fieldValues(this.#source.head.fields, name);
  }

  parameterValues(name: string): readonly string[] {
    this.#parameters ??= new URLSearchParams(this.#source.query);
    return this.#parameters.getAll(name);
  }
}

/** Who the client is, as far as trusted proxies say; nobody when its socket was closed already. */
export function clientOf(head: RequestHead, trustedProxies: Serving['trustedProxies']): Address | undefined {
  const peer = trustedProxies.peer(head.peer).address;
  return peer && clientAddress(peer, fieldValues(head.fields, 'x-forwarded-for'), trustedProxies);
}
