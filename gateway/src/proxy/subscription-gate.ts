import { type SubscriptionMessage, readSubscriptionMessage } from '../graphql/subscription-message.ts';
import { admit, refusalOf, type Admission } from './admit.ts';
import { type GraphqlExchange, identifyMessage } from './ask-graphql.ts';
import { frameErrorOf, frameErrors, frameText, type FrameError } from './frame-errors.ts';
import { type GraphqlService, invalidQuery } from './graphql-service.ts';
import { identify, type Identified } from './identify.ts';
import { openGate, type MessageGate, type Passage } from './message-gate.ts';
import { priced } from './metering.ts';
import { duesOf } from './parties.ts';
import { isRefusal, type Refusal } from './refusal.ts';

/** What deciding about messages takes beside the connection's request. */
export interface SubscriptionTerms {
  readonly service: GraphqlService;
  readonly admission: Admission;
}

/**
 * Lets a request open a WebSocket to an API of type GRAPHQL. Opening pays nothing (wso2.md 1.1, no. 11); each message that asks for
 * something pays as a request would.
 */
export function openSubscriptions(
  request: GraphqlExchange,
  terms: SubscriptionTerms,
): Identified | Refusal | Promise<Identified | Refusal> {
  const identified = identify(request.exchange.head, request.routed, request.serving);
  const open = (known: Identified | Refusal): Identified | Refusal =>
    isRefusal(known) ? known : opened(known, new SubscriptionGate(request, terms));
  return identified instanceof Promise ? identified.then(open) : open(identified);
}

function opened(identified: Identified, fromClient: MessageGate): Identified {
  return {
    ...identified,
    ...duesOf([]),
    // What a subscription brings is paid with the message that asked for it.
    gates: { fromClient, fromBackend: openGate },
  };
}

const messageBytesMax = 256 * 1024;

class SubscriptionGate implements MessageGate {
  readonly seenBytesMax: number = messageBytesMax;
  readonly #request: GraphqlExchange;
  readonly #terms: SubscriptionTerms;

  constructor(request: GraphqlExchange, terms: SubscriptionTerms) {
    this.#request = request;
    this.#terms = terms;
  }

  admit(payload: Buffer): Passage | Promise<Passage> {
    const said = readMessage(payload);
    if (said.kind === 'free') return 'passes';
    return said.kind === 'unknown' ? badRequest : this.#ask(said, payload.length);
  }

  async #ask(
    { id, message }: Extract<SubscriptionMessage, { kind: 'asks' }>,
    bytes: number,
  ): Promise<Passage> {
    if ('invalid' in message) return notice(id, frameErrorOf(invalidQuery(message)));
    const { service, admission } = this.#terms;
    const identified = await identifyMessage(this.#request, service, message);
    if (isRefusal(identified)) return notice(id, frameErrorOf(identified));
    const verdict = await admit(priced(identified.charges, bytes), admission);
    return verdict.admitted ? 'passes' : notice(id, frameErrorOf(refusalOf(verdict)));
  }
}

function readMessage(payload: Buffer): SubscriptionMessage {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload);
    return readSubscriptionMessage(text);
  } catch (error) {
    if (error instanceof TypeError) return { kind: 'unknown' };
    throw error;
  }
}

const badRequest: Passage = { notice: frameText(frameErrors.badRequest) };

/** An error in the form of both protocols, as WSO2 writes it. */
function notice(id: string, error: FrameError): Passage {
  return { notice: JSON.stringify({ type: 'error', id, payload: [error] }) };
}
