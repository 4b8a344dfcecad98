import type { Invalid } from './document.ts';
import { type GraphqlMessage, isRecord, messageOf, parseJson, repeatedName } from './message.ts';

/** What a client says over a WebSocket: it asks for something, or it doesn't. */
export type SubscriptionMessage =
  | { readonly kind: 'asks'; readonly id: string; readonly message: GraphqlMessage | Invalid }
  | { readonly kind: 'free' }
  | { readonly kind: 'unknown' };

/** Types of both protocols, graphql-ws (`start`, `stop`) and graphql-transport-ws (`subscribe`, `complete`), that ask for nothing. */
const free: ReadonlySet<unknown> = new Set([
  'connection_init',
  'connection_terminate',
  'stop',
  'complete',
  'ping',
  'pong',
]);

/** It is said back. */
const idCharactersMax = 200;

const names: ReadonlySet<string> = new Set(['id', 'type', 'payload']);

/** Reads one message. What a server could take for another one is unknown. */
export function readSubscriptionMessage(text: string): SubscriptionMessage {
  const value = parseJson(text);
  if (!isRecord(value) || repeatedName(text) !== undefined) return unknown;
  if (Object.keys(value).some((name) => !names.has(name) && names.has(name.trim().toLowerCase())))
    return unknown;
  const { type, id, payload } = value;
  if (free.has(type)) return { kind: 'free' };
  if (type !== 'start' && type !== 'subscribe') return unknown;
  if ((typeof id !== 'string' && typeof id !== 'number') || String(id).length > idCharactersMax)
    return unknown;
  const message = isRecord(payload) ? messageOf(payload) : { invalid: 'There is no query' };
  return { kind: 'asks', id: String(id), message };
}

const unknown: SubscriptionMessage = { kind: 'unknown' };
