import type { Claim, Grant } from '../../src/limits/claim.ts';
import type { Limit } from '../../src/limits/limit.ts';

/*
 * What happened in a run, in the order in which it happened: all that the checker looks at. Times are whole ms of the world's
 * true time; `storeMs` is the store's clock. Counters and gateways are numbered; a restarted gateway has a new number.
 */

/** A request that was decided. */
interface Decision {
  readonly askedAtMs: number;
  readonly atMs: number;
  readonly storeMs: number;
  readonly gateway: number;
  readonly charges: readonly { readonly counter: number; readonly cost: number }[];
  readonly admitted: boolean;
  readonly certain: boolean;
  /** Of a refusal: the counter that couldn't pay. */
  readonly refusedBy?: number;
  readonly unavailable?: boolean;
}

/** A claim that the store settled. `copy` counts from 0; later ones are duplicates that the network made. */
interface Settled {
  readonly atMs: number;
  readonly storeMs: number;
  readonly gateway: number;
  readonly counter: number;
  readonly claim: Claim;
  readonly copy: number;
  readonly grant: Grant;
  /** Whether the ledger is the same as before. */
  readonly unchanged: boolean;
}

/** An answer that reached its gateway in time. */
interface Delivered {
  readonly atMs: number;
  readonly gateway: number;
  readonly counter: number;
  readonly grant: Grant;
  /** What the gateway had stated in the grant's window. */
  readonly held: number;
  /** How often the store's clock had jumped further than a window when it settled this. */
  readonly era: number;
}

interface Owed {
  readonly atMs: number;
  readonly storeMs: number;
  readonly gateway: number;
  readonly counter: number;
  readonly units: number;
}

/** Something that happened to the store, the network or a gateway. */
export interface Incident {
  readonly atMs: number;
  readonly kind:
    | 'frozen'
    | 'thawed'
    | 'lost-data'
    | 'clock-jumped'
    | 'cut-off'
    | 'reached'
    | 'killed'
    | 'left'
    | 'joined'
    | 'limit-changed';
  readonly gateway?: number;
  readonly counter?: number;
  readonly limit?: Limit;
}

export type Event =
  | ({ readonly is: 'decision' } & Decision)
  | ({ readonly is: 'settled' } & Settled)
  | ({ readonly is: 'delivered' } & Delivered)
  | ({ readonly is: 'owed' } & Owed)
  | ({ readonly is: 'incident' } & Incident);

/** What the store holds for a counter when everything has ended, and gateways have given their leases back. */
export interface FinalCount {
  readonly counter: number;
  readonly window: number;
  readonly used: number;
  readonly storeMs: number;
}
