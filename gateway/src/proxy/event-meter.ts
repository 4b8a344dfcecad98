import type { Verdict } from '../limiter/verdict.ts';
import type { Charge } from '../policy/plan.ts';
import type { Admission } from './admit.ts';

type Refused = Extract<Verdict, { admitted: false }>;

/**
 * Pays for pieces, the events of a stream, the messages of a WebSocket or the deliveries of an event, before they go on: so they are
 * counted exactly, however many gateways serve streams of one counter. Its charges are those that count pieces; a piece is one
 * unit of each.
 */
export class EventMeter {
  readonly #admission: Admission;
  readonly #charges: readonly Charge[];
  readonly #one: readonly Charge[];

  constructor(charges: readonly Charge[], admission: Admission) {
    this.#admission = admission;
    this.#charges = charges;
    this.#one = costing(charges, 1);
  }

  /**
   * Pays for so many pieces, at least 1, together or for none of them. A promise only when the store has to be asked: what comes
   * meanwhile must wait. On a refusal `refused.remaining` says how many may still be paid.
   */
  pay(pieces: number): Verdict | Promise<Verdict> {
    return this.#admission.admit(pieces === 1 ? this.#one : costing(this.#charges, pieces));
  }

  /** Pays for as many of the pieces as it can; `refused` says why for no more. `first` is what paying for all of them has led to. */
  async payForMost(
    pieces: number,
    first: Verdict | Promise<Verdict> = this.pay(pieces),
  ): Promise<{ readonly paid: number; readonly refused?: Refused }> {
    let paid = pieces;
    let verdict = await first;
    let refused: Refused | undefined;
    while (!verdict.admitted && paid > 0) {
      refused = verdict;
      paid = verdict.because === 'over-limit' ? Math.min(verdict.refused.remaining, paid - 1) : 0;
      if (paid > 0) verdict = await this.pay(paid);
    }
    return refused === undefined ? { paid } : { paid, refused };
  }
}

/** The meter of what counts events among the charges of a request; undefined when nothing does. */
export function eventMeter(charges: readonly Charge[], admission: Admission): EventMeter | undefined {
  const counting = charges.filter(({ measure }) => measure === 'events');
  return counting.length === 0 ? undefined : new EventMeter(counting, admission);
}

function costing(charges: readonly Charge[], units: number): readonly Charge[] {
  return charges.map((charge) => ({ ...charge, cost: units, needs: units }));
}
