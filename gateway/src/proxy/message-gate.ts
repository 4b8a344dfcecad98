import type { Verdict } from '../limiter/verdict.ts';
import type { EventMeter } from './event-meter.ts';

/** Decides about the messages of one direction of a WebSocket, each before it goes on. */
export interface MessageGate {
  /** The bytes a message may have that must be seen whole; 0 where none needs to be seen. */
  readonly seenBytesMax: number;
  /** `payload` is empty where messages needn't be seen. A promise only when somebody has to be asked; never rejects. */
  admit(payload: Buffer): Passage | Promise<Passage>;
}

/** Whether a message goes on. One that doesn't is dropped, and the client gets the notice in its place. */
export type Passage = 'passes' | { readonly notice: string };

/** Both directions. */
export interface MessageGates {
  readonly fromClient: MessageGate;
  readonly fromBackend: MessageGate;
}

/** WSO2's words for what can't be paid (wso2.md 1.10). */
const throttled: Passage = { notice: 'Error code: 4003 reason: Websocket frame throttled out' };

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

function passageOf({ admitted }: Verdict): Passage {
  return admitted ? 'passes' : throttled;
}
