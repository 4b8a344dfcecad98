import { hasEnded } from '../identity/token-claims.ts';
import type { Clock } from '../limits/clock.ts';
import type { Admission } from './admit.ts';
import { enter } from './enter.ts';
import { eventMeter } from './event-meter.ts';
import type { Exchange } from './exchange.ts';
import { frameErrorOf, frameErrors, frameText } from './frame-errors.ts';
import type { Identified } from './identify.ts';
import {
  eventGates,
  openGate,
  type MessageGate,
  type MessageGates,
  type Passage,
  type TunnelRule,
} from './message-gate.ts';
import { causes, isRefusal, type Refusal } from './refusal.ts';
import { route } from './route.ts';
import type { Serving } from './serving.ts';

/** What an open WebSocket needs of the data plane. */
export interface SocketTerms {
  /** The configuration in force. */
  readonly serving: () => Serving;
  readonly admission: Admission;
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly reportBug: (error: unknown) => void;
}

type Checked = Refusal | undefined;

/** An API of this path doesn't open such WebSockets any more. */
const gone: Refusal = { cause: causes.noApi };

/**
 * A WebSocket that may outlive the configuration it was opened by. At the first message after a change, or after its token's end, the
 * request that opened it is judged again, once; who may not open it any more is cut off, and others pay by the new limits from then
 * on. Its connection to the backend stays.
 */
export class OpenSocket implements TunnelRule {
  readonly gates: MessageGates | undefined;
  readonly #exchange: Exchange;
  readonly #terms: SocketTerms;
  /** Is told why it was cut off. */
  readonly #refused: (refusal: Refusal) => void;
  /** By which configuration it was judged, and how. */
  #serving: Serving;
  #identified: Identified;
  #decide: MessageGates | undefined;
  #judging: Promise<Checked> | undefined;
  /** For good. */
  #refusal: Checked;

  constructor(
    opened: { readonly exchange: Exchange; readonly serving: Serving; readonly identified: Identified },
    terms: SocketTerms,
    refused: (refusal: Refusal) => void,
  ) {
    this.#exchange = opened.exchange;
    this.#serving = opened.serving;
    this.#identified = opened.identified;
    this.#terms = terms;
    this.#refused = refused;
    this.#decide = this.#gatesOf(opened.identified);
    this.gates = this.#decide && {
      fromClient: this.#gate('fromClient', this.#decide.fromClient),
      fromBackend: this.#gate('fromBackend', this.#decide.fromBackend),
    };
  }

  /** Messages that must be counted from now on can't be found in bytes that went through unread: the client has to open it anew. */
  readonly mayFlow = (): boolean => {
    try {
      const checked = this.#check();
      if (checked instanceof Promise) return true;
      const isUncounted = this.#decide === undefined;
      if (checked === undefined && !isUncounted) this.#refused({ cause: causes.undecided });
      return checked === undefined && isUncounted;
    } catch (error) {
      this.#bug(error);
      return false;
    }
  };

  #gate(from: keyof MessageGates, { seenBytesMax }: MessageGate): MessageGate {
    return { seenBytesMax, admit: (payload) => this.#admit(from, payload) };
  }

  #admit(from: keyof MessageGates, payload: Buffer): Passage | Promise<Passage> {
    try {
      const checked = this.#check();
      const passage =
        checked instanceof Promise
          ? checked.then((late) => this.#pass(late, from, payload))
          : this.#pass(checked, from, payload);
      return passage instanceof Promise ? passage.catch(this.#bug) : passage;
    } catch (error) {
      return this.#bug(error);
    }
  }

  #pass(refusal: Checked, from: keyof MessageGates, payload: Buffer): Passage | Promise<Passage> {
    if (refusal === undefined) return (this.#decide?.[from] ?? openGate).admit(payload);
    const error = frameErrorOf(refusal);
    const notice = frameText(error);
    return refusal === this.#refusal ? { notice, closes: error.code } : { notice };
  }

  readonly #bug = (error: unknown): Passage => {
    this.#terms.reportBug(error);
    this.#refused({ cause: causes.internal });
    return { notice: frameText(frameErrors.internal), closes: frameErrors.internal.code };
  };

  /** Why it may not stay open. A promise only while its token is verified. */
  #check(): Checked | Promise<Checked> {
    if (this.#refusal !== undefined || this.#isCurrent) return this.#refusal;
    if (this.#judging !== undefined) return this.#judging;
    const serving = this.#terms.serving();
    const judged = this.#judge(serving);
    if (!(judged instanceof Promise)) return this.#take(serving, judged);
    this.#judging = judged
      .then((late) => this.#take(serving, late))
      .finally(() => {
        this.#judging = undefined;
      });
    // Who doesn't wait for it hears of a bug when it asks again.
    this.#judging.catch(() => {});
    return this.#judging;
  }

  get #isCurrent(): boolean {
    const { goodUntilMs } = this.#identified;
    return (
      this.#terms.serving() === this.#serving &&
      (goodUntilMs === Infinity || !hasEnded(goodUntilMs, this.#terms.clock.wallMs()))
    );
  }

  #judge(serving: Serving): Identified | Refusal | Promise<Identified | Refusal> {
    const { api, target } = this.#identified.routed;
    const routed = route(serving.routes, { method: this.#exchange.head.method, target });
    if (isRefusal(routed)) return routed;
    const isOfKind =
      !('methods' in routed) && (routed.api.graphql === undefined) === (api.graphql === undefined);
    return isOfKind ? enter(this.#exchange, routed, { serving, admission: this.#terms.admission }) : gone;
  }

  #take(serving: Serving, judged: Identified | Refusal): Checked {
    if (isRefusal(judged)) {
      // The next message finds out: many may ask at once when issuers change.
      if (judged.cause === causes.verifierBusy) return judged;
      this.#refusal = judged;
      this.#refused(judged);
      return judged;
    }
    this.#serving = serving;
    this.#identified = judged;
    this.#decide = this.#gatesOf(judged);
    return undefined;
  }

  #gatesOf({ gates, charges }: Identified): MessageGates | undefined {
    if (gates !== undefined) return gates;
    const meter = eventMeter(charges, this.#terms.admission);
    return meter && eventGates(meter);
  }
}
