import type { Claim, GatewayId } from '../../limits/claim.ts';
import type { CounterKey } from '../../limits/counter-key.ts';
import type { Account, Ledger } from '../../limits/ledger.ts';
import { unitsMax, windowMsMax, type Limit } from '../../limits/limit.ts';
import type { StoreRequest, StoreResponse } from '../asked-store.ts';

/** What a gateway may say to a peer server; every message is one line of JSON. */
export type Request = { readonly kind: 'hello'; readonly gateway: string } | StoreRequest;

/** What a server tells all its gateways when one comes or goes. */
export interface GatewayCount {
  readonly gateways: number;
}

/** A ledger with its accounts as a list, since JSON has no maps; null for none. */
type LedgerMessage =
  | (Omit<Ledger, 'accounts' | 'seqsBefore'> & {
      readonly accounts: readonly (readonly [GatewayId, Account])[];
      readonly seqsBefore: readonly (readonly [GatewayId, number])[];
    })
  | null;

const keyCharactersMax = 4096;
const listItemsMax = 512;

/** The request in a message, or undefined when it is none: a peer believes nothing it hasn't checked. */
export function requestOf(message: unknown): Request | undefined {
  if (!isRecord(message)) return undefined;
  const { kind, id, gateway, claims, keys } = message;
  if (kind === 'hello') return isKey(gateway) ? { kind, gateway } : undefined;
  if (!isUnits(id)) return undefined;
  if (kind === 'settle') return isListOf(claims, isClaim) ? { kind, id, claims } : undefined;
  if (kind === 'read' || kind === 'forget')
    return isListOf(keys, isCounterKey) ? { kind, id, keys } : undefined;
  return undefined;
}

/** A response as it travels. */
export function responseMessage(response: StoreResponse): unknown {
  return 'ledgers' in response ? { ...response, ledgers: response.ledgers.map(ledgerMessage) } : response;
}

/** The response in a message; undefined when it is none. The server is trusted for the inner shape: it is our own. */
export function responseOf(message: unknown): StoreResponse | undefined {
  if (!isRecord(message) || !isUnits(message['id'])) return undefined;
  const hasAnswer = ['grants', 'ledgers', 'forgotten', 'error'].some((name) => name in message);
  if (!hasAnswer) return undefined;
  if (!('ledgers' in message)) return message as StoreResponse;
  return { id: message['id'], ledgers: (message['ledgers'] as readonly LedgerMessage[]).map(ledgerOf) };
}

/** The count in a message, or undefined when it is another message. */
export function gatewayCountOf(message: unknown): number | undefined {
  if (!isRecord(message) || 'id' in message) return undefined;
  return isUnits(message['gateways']) ? message['gateways'] : undefined;
}

function ledgerMessage(ledger: Ledger | undefined): LedgerMessage {
  if (ledger === undefined) return null;
  return { ...ledger, accounts: [...ledger.accounts], seqsBefore: [...ledger.seqsBefore] };
}

function ledgerOf(message: LedgerMessage): Ledger | undefined {
  if (message === null) return undefined;
  return { ...message, accounts: new Map(message.accounts), seqsBefore: new Map(message.seqsBefore) };
}

function isClaim(value: unknown): value is Claim {
  if (!isRecord(value)) return false;
  const { key, limit, gateway, seq, window, held, want, atLeast } = value;
  if (!isKey(key) || !isKey(gateway) || !isLimit(limit)) return false;
  return [seq, held, want, atLeast].every(isUnits) && (window === undefined || isUnits(window));
}

function isLimit(value: unknown): value is Limit {
  if (!isRecord(value)) return false;
  const { kind, quota, windowMs, starts, burst } = value;
  if (!isUnits(quota) || !isUnits(windowMs) || windowMs < 1 || windowMs > windowMsMax) return false;
  if (kind === 'fixed-window') return starts === 'aligned' || starts === 'first-request';
  if (kind === 'sliding-window') return true;
  return kind === 'token-bucket' && quota > 0 && isUnits(burst) && Number.isSafeInteger(burst * windowMs);
}

function isListOf<T>(value: unknown, isOne: (one: unknown) => one is T): value is T[] {
  return Array.isArray(value) && value.length <= listItemsMax && value.every(isOne);
}

function isCounterKey(value: unknown): value is CounterKey {
  return isKey(value);
}

function isKey(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= keyCharactersMax;
}

function isUnits(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= unitsMax;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
