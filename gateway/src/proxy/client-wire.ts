import type { RequestFlaw } from '../wire/request-head.ts';
import type { Outbox } from '../wire/outbox.ts';
import type { BodyRooms } from './body-room.ts';
import type { Exchange } from './exchange.ts';
import type { LentCopies } from './lent-copies.ts';
import { causes, type Refusal } from './refusal.ts';
import type { WireBounds } from './wire-bounds.ts';

/** What all connections of a listener share. */
export interface ClientWire {
  readonly bounds: WireBounds;
  readonly copies: LentCopies;
  readonly outbox: Outbox;
  readonly bodyRooms: BodyRooms;
  readonly scheme: 'http' | 'https';
  /** Monotonic ms with fractions, for durations. */
  readonly stopwatchMs: () => number;
  /** No connection is kept any longer. */
  readonly draining: boolean;
  /** Now, as a Date field has it. */
  readonly date: string;
  /** Takes a request whose head is there. */
  begin(exchange: Exchange): void;
  /** An answer where there is no request that could be told of: a whole message. */
  answerUnread(refusal: Refusal): string;
}

export const malformed: Refusal = { cause: causes.malformed, closes: true };
export const largeHead: Refusal = { cause: causes.largeHead, closes: true };
export const slowRequest: Refusal = { cause: causes.slowRequest, closes: true };
/** What a request is told that is well formed, and still can't be served. */
export const flaws: Readonly<Record<RequestFlaw, Refusal>> = {
  fields: largeHead,
  unsupported: { cause: causes.unsupported, closes: true },
  expectation: { cause: causes.unknownExpectation, closes: true },
};
