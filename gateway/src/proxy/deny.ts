import { ipNumber } from '../policy/ip-number.ts';
import type { RequestHead } from './exchange.ts';
import { causes, type Refusal } from './refusal.ts';
import { clientOf } from './request-details.ts';
import type { Routed } from './route.ts';
import type { Serving } from './serving.ts';

/** What everybody is told whom the operator denies. */
export const denied: Refusal = { cause: causes.denied };

/** What deny policies say of a request before anybody looks at who sends it. Addresses are those of trusted proxies' word. */
export function denyAtDoor(
  head: RequestHead,
  { api }: Pick<Routed, 'api'>,
  { deny, trustedProxies }: Pick<Serving, 'deny' | 'trustedProxies'>,
): Refusal | undefined {
  const found = deny.at(api);
  if (found === undefined) return undefined;
  if (found.everybody) return denied;
  const { addresses } = found;
  if (addresses === undefined) return undefined;
  const client = clientOf(head, trustedProxies);
  // Without an address the socket is closed, and nobody will read the answer.
  return client === undefined || addresses.has(ipNumber(client.text)) ? denied : undefined;
}
