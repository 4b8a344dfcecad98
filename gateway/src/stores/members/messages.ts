import * as z from 'zod';
import type { Claim, GatewayId, Grant } from '../../limits/claim.ts';
import type { CounterKey } from '../../limits/counter-key.ts';
import type { Ledger } from '../../limits/ledger.ts';
import { windowMsMax, type Limit } from '../../limits/limit.ts';
import type { NamedLedger } from '../ledger-shelf.ts';
import type { TimeTold } from './cluster-clock.ts';
import { membersMax, type Known } from './known-members.ts';
import type { Row } from './view.ts';

/** What a member says of itself and passes on of others, ten times a second and whenever something changes. */
export interface Beat {
  readonly kind: 'beat';
  readonly epoch: number;
  /** Who counts together, by the sender's view; empty while it is in none. */
  readonly view: readonly GatewayId[];
  readonly rows: readonly (readonly [GatewayId, Row])[];
  readonly known: readonly Known[];
  readonly time: TimeTold;
}

/**
 * The epochs in which a message holds: the sender's, and the receiver's as the sender knows it. A member that has gone on to
 * another epoch ignores it; the sender will hear of the epoch, and say anew what still matters.
 */
interface Epochs {
  readonly mine: number;
  readonly yours: number;
}

/** Between members of one view. */
export type CountingBody =
  /** Ledgers for their owner, or for its backup, which answers `kept` when there is an id. */
  | { readonly kind: 'copies'; readonly id?: number | undefined; readonly copies: readonly NamedLedger[] }
  | { readonly kind: 'kept'; readonly id: number }
  /** What the sender holds of counters that the receiver owns from now on: claims that want nothing. */
  | { readonly kind: 'restate'; readonly claims: readonly Claim[] }
  /** The receiver knows all that the sender knows of its counters. */
  | { readonly kind: 'synced' }
  | { readonly kind: 'settle'; readonly id: number; readonly claims: readonly Claim[] }
  /** `held`: each account after its grant. */
  | {
      readonly kind: 'granted';
      readonly id: number;
      readonly grants: readonly Grant[];
      readonly held: readonly number[];
    }
  | { readonly kind: 'failed'; readonly id: number; readonly why: string };

export type Counting = CountingBody & Epochs;

/** Outside of epochs: for people, and at the end. */
type Other =
  | { readonly kind: 'leave' }
  | { readonly kind: 'read'; readonly id: number; readonly key: CounterKey }
  | { readonly kind: 'ledger'; readonly id: number; readonly ledger?: Ledger | undefined }
  | { readonly kind: 'forget'; readonly keys: readonly CounterKey[] };

export type Message = Beat | Counting | Other;

/** Ledgers or claims in one message at most. */
const itemsMax = 512;
/** Members that hear each other at most. */
const rowsMax = 64;

/** Units that count may be more than any limit allows: costs become known afterwards. */
const count = z.int().min(0);
const gatewayId = z.custom<GatewayId>((value) => typeof value === 'string' && /^.{1,200}$/.test(value));
const counterKey = z.custom<CounterKey>((value) => typeof value === 'string' && /^[^]{1,4096}$/.test(value));
const windowMs = z.int().min(1).max(windowMsMax);
const address = z.string().min(1).max(300);
const id = count;

const limit: z.ZodType<Limit> = z
  .discriminatedUnion('kind', [
    z.object({
      kind: z.literal('fixed-window'),
      quota: count,
      windowMs,
      starts: z.enum(['aligned', 'first-request']),
    }),
    z.object({ kind: z.literal('sliding-window'), quota: count, windowMs }),
    z.object({ kind: z.literal('token-bucket'), quota: count.min(1), windowMs, burst: count }),
  ])
  .refine((one) => one.kind !== 'token-bucket' || Number.isSafeInteger(one.burst * one.windowMs));

const claim: z.ZodType<Claim> = z.object({
  key: counterKey,
  limit,
  gateway: gatewayId,
  seq: z.int(),
  window: z.int().optional(),
  held: count,
  want: count,
  atLeast: count,
});

const grant: z.ZodType<Grant> = z.object({
  outcome: z.enum(['granted', 'stale']),
  window: z.int(),
  granted: count,
  used: count,
  endsInMs: z.int(),
  gateways: count,
});

const ledger: z.ZodType<Ledger> = z.object({
  window: z.int(),
  used: count,
  accounts: z.map(gatewayId, z.object({ held: count, seq: z.int() })),
  seqsBefore: z.map(gatewayId, z.int()),
  carried: z.number().min(0),
  carriedAtMs: z.number().min(0),
});

const row: z.ZodType<Row> = z.object({
  number: count,
  address,
  hears: z.array(gatewayId).max(rowsMax),
  settled: z.boolean(),
});

const claims = z.array(claim).max(itemsMax);
const epochs = { mine: count, yours: count };

const message: z.ZodType<Message> = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('beat'),
    epoch: count,
    view: z.array(gatewayId).max(rowsMax),
    rows: z.array(z.tuple([gatewayId, row])).max(rowsMax),
    known: z.array(z.object({ address, version: count, left: z.boolean() })).max(membersMax),
    time: z.object({ nowMs: z.number(), servingMs: z.number().min(0) }),
  }),
  z.object({
    kind: z.literal('copies'),
    ...epochs,
    id: id.optional(),
    copies: z.array(z.object({ key: counterKey, limit, ledger })).max(itemsMax),
  }),
  z.object({ kind: z.literal('kept'), ...epochs, id }),
  z.object({ kind: z.literal('restate'), ...epochs, claims }),
  z.object({ kind: z.literal('synced'), ...epochs }),
  z.object({ kind: z.literal('settle'), ...epochs, id, claims }),
  z.object({
    kind: z.literal('granted'),
    ...epochs,
    id,
    grants: z.array(grant).max(itemsMax),
    held: z.array(count).max(itemsMax),
  }),
  z.object({ kind: z.literal('failed'), ...epochs, id, why: z.string().max(1000) }),
  z.object({ kind: z.literal('leave') }),
  z.object({ kind: z.literal('read'), id, key: counterKey }),
  z.object({ kind: z.literal('ledger'), id, ledger: ledger.optional() }),
  z.object({ kind: z.literal('forget'), keys: z.array(counterKey).max(itemsMax) }),
]);

/**
 * The message in a value, or undefined when it is none. A member believes nothing it hasn't checked, however well it knows the
 * sender: that may run another version.
 */
export function messageOf(value: unknown): Message | undefined {
  return message.safeParse(value).data;
}

/** Items in lists as long as a message may carry. */
export function chunks<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  const count = Math.ceil(items.length / itemsMax);
  return Array.from({ length: count }, (_, index) => items.slice(index * itemsMax, (index + 1) * itemsMax));
}
