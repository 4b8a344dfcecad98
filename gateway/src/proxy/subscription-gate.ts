import { type SubscriptionMessage, readSubscriptionMessage } from '../graphql/subscription-message.ts';
import { admit, refusalOf, type Admission } from './admit.ts';
import { type GraphqlExchange, identifyMessage } from './ask-graphql.ts';
import { type GraphqlService, invalidQuery } from './graphql-service.ts';
import { identify, type Identified } from './identify.ts';
import type { MessageGate, Passage } from './message-gate.ts';
import { priced } from './metering.ts';
import { isRefusal, type Refusal } from './refusal.ts';
import { RateLimitText } from './rate-limit-fields.ts';

/** What deciding about messages takes beside the connection's request. */
export interface SubscriptionTerms {
  readonly service: GraphqlService;
  readonly admission: Admission;
  readonly reportBug: (error: unknown) => void;
}

/**
 * Lets a request open a WebSocket to an API of type GRAPHQL. Opening pays nothing (wso2.md 1.1, no. 11); each message that asks for
 * something pays as a request would.
 */
export async function openSubscriptions(
  request: GraphqlExchange,
  terms: SubscriptionTerms,
): Promise<Identified | Refusal> {
  const identified = await identify(request.exchange.head, request.routed, request.serving);
  if (isRefusal(identified)) return identified;
  const fromClient = new SubscriptionGate(request, terms);
  return {
    ...identified,
    charges: [],
    levels: [],
    rateLimit: new RateLimitText([]),
    gates: { fromClient, fromBackend: open },
  };
}

/** What a subscription brings is paid with the message that asked for it. */
const open: MessageGate = { seenBytesMax: 0, admit: () => 'passes' };

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
    if (said.kind === 'unknown') return badRequest;
    return this.#ask(said, payload.length).catch((error: unknown) => {
      this.#terms.reportBug(error);
      return notice(said.id, frameErrors.internal);
    });
  }

  async #ask(
    { id, message }: Extract<SubscriptionMessage, { kind: 'asks' }>,
    bytes: number,
  ): Promise<Passage> {
    if ('invalid' in message) return notice(id, frameError(invalidQuery(message)));
    const { service, admission } = this.#terms;
    const identified = await identifyMessage(this.#request, service, message);
    if (isRefusal(identified)) return notice(id, frameError(identified));
    const verdict = await admit(priced(identified.charges, bytes), admission);
    return verdict.admitted ? 'passes' : notice(id, frameError(refusalOf(verdict)));
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

/** A code of wso2.md 3.5 and what it says. */
interface FrameError {
  readonly code: number;
  readonly message: string;
}

const badRequest: Passage = { notice: 'Error code: 4005 reason: Bad request' };

const frameErrors = {
  throttled: { code: 4003, message: 'Websocket frame throttled out' },
  internal: { code: 4004, message: 'Internal server error' },
} as const;

/** Why a message is refused, in the codes of frames. */
function frameError({ cause }: Refusal): FrameError {
  const { code, status, message, description } = cause;
  const text = message === undefined ? description : `${message} : ${description}`;
  if (code === '900820') return { code: 4020, message: text };
  if (code === '900821') return { code: 4021, message: text };
  if (code === '900422') return { code: 4022, message: text };
  if (status === 401) return { code: 4001, message: text };
  if (status === 403) return { code: 4002, message: text };
  if (status === 429 || status === 503) return frameErrors.throttled;
  return { code: 4005, message: text };
}

/** An error in the form of both protocols, as WSO2 writes it. */
function notice(id: string, error: FrameError): Passage {
  return { notice: JSON.stringify({ type: 'error', id, payload: [error] }) };
}
