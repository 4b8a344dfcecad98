import type { IpNumber } from './ip-number.ts';

/**
 * What policies may look at in one request beside its facts. Each is worked out when it is first asked for, so a request whose
 * policies don't look costs nothing. Only the address and the claims are proved: the rest is whatever the client wrote.
 */
export interface RequestDetails {
  /** The client's, as far as the operator's proxies are to be believed; absent when its socket was closed already. */
  readonly address: IpNumber | undefined;
  /** All values of a field, whose name is in lower case; one character per byte. */
  fieldValues(name: string): readonly string[];
  /** All values of a query parameter, decoded once as forms are. */
  parameterValues(name: string): readonly string[];
  /** Absent where no token proved any. */
  readonly claims: Claims | undefined;
}

/** What a verified token says, by the names of its claims. */
export type Claims = Readonly<Record<string, unknown>>;
