import type { BackendReceiver } from '../backends/backend-call.ts';
import { unitsMax } from '../limits/limit.ts';
import type { Settlement, Standing, Verdict } from '../limiter/verdict.ts';
import type { Charge } from '../policy/plan.ts';
import type { Admission } from './admit.ts';
import { EventGate, type GateEvents } from './event-gate.ts';
import { eventMeter, type EventMeter } from './event-meter.ts';
import type { Exchange } from './exchange.ts';
import type { AnswerControl } from './relay.ts';
import { tokensOf, type Usage } from './usage.ts';
import { UsageTap } from './usage-tap.ts';

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
export function metering(
  verdict: Verdict,
  exchange: Exchange,
  limiter: Admission & LateCharging,
): Metering | undefined {
  if (!verdict.admitted || !verdict.standings.some(isMetered)) return undefined;
  return new Metering(verdict.standings.filter(isMetered), exchange, limiter);
}

/** Finds out what one exchange costs beyond what it has paid at its admission. */
export class Metering {
  /** What `usage` says: nothing was metered, it was found, or an answer that should have it hadn't. */
  found: 'none' | 'read' | 'missing' = 'none';
  readonly #paid: readonly Standing[];
  readonly #exchange: Exchange;
  readonly #limiter: LateCharging;
  readonly #events: EventMeter | undefined;
  readonly #countsTokens: boolean;
  #tap: UsageTap | undefined;
  /** Events are paid for one by one; else the whole exchange is one. */
  #byPiece = false;
  #settled = false;

  constructor(paid: readonly Standing[], exchange: Exchange, limiter: Admission & LateCharging) {
    this.#paid = paid;
    this.#exchange = exchange;
    this.#limiter = limiter;
    const charges = paid.map(({ charge }) => charge);
    this.#events = eventMeter(charges.filter(isUnpaid), limiter);
    this.#countsTokens = charges.some(isOfTokens);
  }

  /** Whether the answer is read on its way, and so must not be compressed. */
  get readsAnswer(): boolean {
    return this.#countsTokens || this.#events !== undefined;
  }

  get usage(): Usage | undefined {
    return this.#tap?.usage;
  }

  /** Reads the answer on its way to who receives it. */
  receiver(
    next: BackendReceiver,
    control: AnswerControl,
    told: Pick<GateEvents, 'exceeded' | 'bug'>,
  ): BackendReceiver {
    const meter = this.#events;
    const events: GateEvents = {
      opened: () => this.paidByPiece(),
      exceeded: (verdict) => told.exceeded(verdict),
      bug: (error) => told.bug(error),
    };
    const gated = meter === undefined ? next : new EventGate(next, { meter, control, events });
    if (!this.#countsTokens) return gated;
    this.#tap = new UsageTap(gated);
    return this.#tap;
  }

  /** Who pays for events one by one says so: then the exchange as a whole isn't one. */
  paidByPiece(): void {
    this.#byPiece = true;
  }

  /** Charges what was missing, once; to be called when the exchange is over. */
  settle(): void {
    if (this.#settled) return;
    this.#settled = true;
    if (this.#tap !== undefined) this.found = this.#finding(this.#tap);
    this.#limiter.settle(this.#paid.map((paid) => ({ paid, cost: this.#costOf(paid.charge) })));
  }

  #costOf(charge: Charge): number {
    switch (charge.measure) {
      case 'request-bytes':
        return this.#comesUncounted ? Math.min(this.#exchange.bytesIn, unitsMax) : charge.cost;
      case 'events':
        return charge.cost === 0 && !this.#byPiece ? 1 : charge.cost;
      case 'total-tokens':
      case 'prompt-tokens':
      case 'completion-tokens':
        return this.#tokensOf(charge);
      case 'requests':
        return charge.cost;
      default:
        return charge.measure satisfies never;
    }
  }

  /** Bytes whose number no head said: a body in chunks, or what comes through a WebSocket. */
  get #comesUncounted(): boolean {
    const { head, status } = this.#exchange;
    return head.bodyBytes === 'unknown' || status === 101;
  }

  #finding({ status, usage }: UsageTap): 'none' | 'read' | 'missing' {
    if (usage !== undefined) return 'read';
    return status !== undefined && status < 300 ? 'missing' : 'none';
  }

  /** What the answer says. What was reserved stays charged where a backend may have worked without telling. */
  #tokensOf({ measure, cost: reserved }: Charge): number {
    const tap = this.#tap;
    const tokens = tap?.usage && tokensOf(tap.usage, measure);
    if (tokens !== undefined) return tap?.complete === true ? tokens : Math.max(tokens, reserved);
    const status = tap?.status ?? this.#exchange.status;
    const hasFailed = status !== undefined && status >= 400;
    return tap === undefined || hasFailed ? 0 : reserved;
  }
}

function isOfBytes({ measure }: Charge): boolean {
  return measure === 'request-bytes';
}

function isOfTokens({ measure }: Charge): boolean {
  return measure === 'total-tokens' || measure === 'prompt-tokens' || measure === 'completion-tokens';
}

function isUnpaid({ cost }: Charge): boolean {
  return cost === 0;
}

function isMetered({ charge }: Standing): boolean {
  return charge.measure !== 'requests';
}
