import type { Address } from '../identity/address.ts';
import { clientAddress } from '../identity/client-address.ts';
import { ipNumber, type IpNumber } from '../policy/ip-number.ts';
import type { Claims, RequestDetails } from '../policy/request-details.ts';
import type { RequestHead } from './exchange.ts';
import { fieldValues } from './fields.ts';
import type { Serving } from './serving.ts';

/** The details of a request, each worked out once and only when a policy asks for it. */
export class LazyDetails implements RequestDetails {
  readonly claims: Claims | undefined;
  readonly #head: RequestHead;
  readonly #query: string;
  readonly #trustedProxies: Serving['trustedProxies'];
  #address: { readonly number: IpNumber | undefined } | undefined;
  #parameters: URLSearchParams | undefined;

  constructor(
    {
      head,
      query,
      claims,
    }: { readonly head: RequestHead; readonly query: string; readonly claims: Claims | undefined },
    trustedProxies: Serving['trustedProxies'],
  ) {
    this.#head = head;
    this.#query = query;
    this.claims = claims;
    this.#trustedProxies = trustedProxies;
  }

  get address(): IpNumber | undefined {
    if (this.#address === undefined) {
      const client = clientOf(this.#head, this.#trustedProxies);
      this.#address = { number: client && ipNumber(client.text) };
    }
    return this.#address.number;
  }

  fieldValues(name: string): readonly string[] {
    return fieldValues(this.#head.fields, name);
  }

  parameterValues(name: string): readonly string[] {
    this.#parameters ??= new URLSearchParams(this.#query);
    return this.#parameters.getAll(name);
  }
}

/** For requests whose policies look at nothing. */
export const nothingSeen: RequestDetails = {
  address: undefined,
  claims: undefined,
  fieldValues: () => [],
  parameterValues: () => [],
};

/** Who the client is, as far as trusted proxies say; nobody when its socket was closed already. */
export function clientOf(head: RequestHead, trustedProxies: Serving['trustedProxies']): Address | undefined {
  const peer = trustedProxies.peer(head.peer).address;
  return peer && clientAddress(peer, fieldValues(head.fields, 'x-forwarded-for'), trustedProxies);
}
