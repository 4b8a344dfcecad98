import type { Verdict } from '../limiter/verdict.ts';
import { refusalOf } from './admit.ts';
import type { EventMeter } from './event-meter.ts';
import { frameErrorOf, frameText } from './frame-errors.ts';

/** Decides about the messages of one direction of a WebSocket, each before it goes on. */
export interface MessageGate {
  /** The bytes a message may have that must be seen whole; 0 where none needs to be seen. */
  readonly seenBytesMax: number;
  /** `payload` is empty where messages needn't be seen. A promise only when somebody has to be asked. */
  admit(payload: Buffer): Passage | Promise<Passage>;
}

/**
 * Whether a message goes on. One that doesn't is dropped, and the client gets the notice in its place; with `closes` the connection
 * ends, with that code.
 */
export type Passage = 'passes' | { readonly notice: string; readonly closes?: number };

/** Both directions. */
export interface MessageGates {
  readonly fromClient: MessageGate;
  readonly fromBackend: MessageGate;
}

/** What decides about the tunnel that a WebSocket becomes. */
export interface TunnelRule {
  /** Decide about messages, one by one; absent where bytes go through unread. */
  readonly gates: MessageGates | undefined;
  /** Whether bytes that go through unread still may. */
  readonly mayFlow: () => boolean;
}

/** Lets every message through. */
export const openGate: MessageGate = { seenBytesMax: 0, admit: () => 'passes' };

/** Lets messages of both directions through that the meter could pay for. */
export function eventGates(meter: EventMeter): MessageGates {
  const gate: MessageGate = {
    seenBytesMax: 0,
    admit: () => {
      const verdict = meter.pay(1);
      return verdict instanceof Promise ? verdict.then(passageOf) : passageOf(verdict);
    },
  };
  return { fromClient: gate, fromBackend: gate };
}

function passageOf(verdict: Verdict): Passage {
  return verdict.admitted ? 'passes' : { notice: frameText(frameErrorOf(refusalOf(verdict))) };
}
