import { unitsMax } from '../limits/limit.ts';
import type { Settlement, Standing, Verdict } from '../limiter/verdict.ts';
import type { Charge } from '../policy/plan.ts';
import type { Exchange } from './exchange.ts';

/** The port to where late costs are charged: the limiter. */
export interface LateCharging {
  settle(settlements: readonly Settlement[]): void;
}

/** The charges of a request whose body is so long: bytes that are known before it comes are paid at once. */
export function priced(charges: readonly Charge[], bodyBytes: number | 'unknown'): readonly Charge[] {
  if (bodyBytes === 0 || bodyBytes === 'unknown' || !charges.some(isOfBytes)) return charges;
  const cost = Math.min(bodyBytes, unitsMax);
  return charges.map((charge) => (isOfBytes(charge) ? { ...charge, cost } : charge));
}

/** What is metered of an admitted request; undefined when all it pays is known. */
export function metering(verdict: Verdict, exchange: Exchange, limiter: LateCharging): Metering | undefined {
  if (!verdict.admitted || !verdict.standings.some(isMetered)) return undefined;
  return new Metering(verdict.standings.filter(isMetered), exchange, limiter);
}

/** Finds out what one exchange costs beyond what it has paid at its admission. */
export class Metering {
  readonly #paid: readonly Standing[];
  readonly #exchange: Exchange;
  readonly #limiter: LateCharging;
  #settled = false;

  constructor(paid: readonly Standing[], exchange: Exchange, limiter: LateCharging) {
    this.#paid = paid;
    this.#exchange = exchange;
    this.#limiter = limiter;
  }

  /** Charges what was missing, once; to be called when the exchange is over. */
  settle(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#limiter.settle(
      this.#paid.map((paid) => ({ paid, cost: this.#costOf(paid.charge) ?? paid.charge.cost })),
    );
  }

  /** Undefined where it stays at what was paid. */
  #costOf({ measure }: Charge): number | undefined {
    if (measure !== 'request-bytes' || this.#exchange.head.bodyBytes !== 'unknown') return undefined;
    return Math.min(this.#exchange.bytesIn, unitsMax);
  }
}

function isOfBytes({ measure }: Charge): boolean {
  return measure === 'request-bytes';
}

function isMetered({ charge }: Standing): boolean {
  return charge.measure !== 'requests';
}
