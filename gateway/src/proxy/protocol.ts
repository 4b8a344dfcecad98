import type { Api } from '../policy/catalogue.ts';
import type { RequestHead } from './exchange.ts';
import { causes, type Refusal } from './refusal.ts';

const unsupported: Refusal = { cause: causes.unsupported, closes: true };
const webSocketOnly: Refusal = { cause: causes.webSocketOnly };

/**
 * Why a request can't be served in the protocol it asks for: APIs of type WS open WebSockets, and nothing else; those of type GRAPHQL
 * open them for subscriptions.
 */
export function checkProtocol(head: RequestHead, api: Api): Refusal | undefined {
  if (head.upgrade === undefined) return api.webSocket ? webSocketOnly : undefined;
  const mayOpen = api.webSocket || api.graphql !== undefined;
  const opens = mayOpen && head.upgrade === 'websocket' && head.method === 'GET' && head.bodyBytes === 0;
  return opens ? undefined : unsupported;
}
