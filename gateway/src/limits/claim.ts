import type { CounterKey } from './counter-key.ts';
import type { Limit } from './limit.ts';

declare const gatewayBrand: unique symbol;

/** One process incarnation: the configured gateway id plus a random suffix made at start. */
export type GatewayId = string & { readonly [gatewayBrand]: 'GatewayId' };

/** A window is named by its start, in ms of the store's clock. */
export type WindowId = number;

/**
 * The one message from gateway to ledger: "of this counter I hold `held`, I want `want` more". Units are whole.
 * leases.md, section 3.
 */
export interface Claim {
  readonly key: CounterKey;
  readonly limit: Limit;
  readonly gateway: GatewayId;
  /** Grows with each claim of the process; the ledger ignores what isn't newer than what it has seen. */
  readonly seq: number;
  /** The window `held` belongs to; absent when the gateway knows nothing about this counter. */
  readonly window?: WindowId | undefined;
  /** Units taken and not given back: spent and still unspent. */
  readonly held: number;
  readonly want: number;
  /** Grant nothing rather than fewer than this. */
  readonly atLeast: number;
}

/** A ledger's answer to a claim. */
export interface Grant {
  /** `stale`: a newer claim of this gateway was settled before; nothing changed. */
  readonly outcome: 'granted' | 'stale';
  readonly window: WindowId;
  readonly granted: number;
  /** Units handed out to all gateways in this window, after this grant. May exceed the quota; then nothing is left. */
  readonly used: number;
  /** Until the window is over, in whole ms of the store's clock. */
  readonly endsInMs: number;
  /** Gateways the store believes alive, this one included. */
  readonly gateways: number;
}

/** Who claims, and its next number. */
export type Sender = Pick<Claim, 'gateway' | 'seq'>;

/** What requests wait for. */
export interface Wants {
  readonly wanted: number;
  /** Fewer units than this don't help the first of them. */
  readonly usefulFrom: number;
}

/** The units a gateway can use. */
export interface ClaimTerms extends Sender, Wants {
  /** Gateways that share the counter. */
  readonly gateways: number;
}

/** What an answer said; `told` when nothing was wanted. */
export type ClaimOutcome = 'granted' | 'partly-granted' | 'refused' | 'told' | 'stale';
