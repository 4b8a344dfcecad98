import type { Socket } from 'node:net';
import type { BackendCall, BackendReceiver } from '../backends/backend-call.ts';
import type { BackendFailure } from '../backends/failure.ts';
import type { Verdict } from '../limiter/verdict.ts';
import { reached } from '../policy/product.ts';
import { corsOf } from './cors.ts';
import type { Course } from './course.ts';
import type { Exchange } from './exchange.ts';
import type { BodySource } from '../wire/body-source.ts';
import type { Fields } from '../wire/fields.ts';
import { answerFields, answerTrailers, requestFields } from './hop-by-hop.ts';
import type { Identified } from './identify.ts';
import type { Metering } from './metering.ts';
import type { TunnelRule } from './message-gate.ts';
import { causes, type Refusal } from './refusal.ts';
import type { Destination } from './serving.ts';

/** What goes to the backend, and what the gateway adds to its answer. */
export interface Outbound {
  readonly destination: Destination;
  /** The target below the API's base path, with the query. */
  readonly path: string;
  readonly requestFields: string[];
  readonly ownAnswerFields: Fields;
  /** Whether what the backend says of CORS is left out. */
  readonly ownsCors: boolean;
  /** The request's body, if it was read before. */
  readonly body: BodySource | undefined;
  /** What decides about the WebSocket that is to be opened, if it is one. */
  readonly rule: TunnelRule | undefined;
  /** What its failures are to the client. */
  readonly refusals: Refusals;
  /** What the answer must be read for. */
  readonly metering: Metering | undefined;
}

/** Works out what goes where; throws when a backend was not compiled, which is a bug. */
export function outbound(
  course: Course,
  identified: Identified,
  ownAnswerFields: Fields,
  rule: TunnelRule | undefined,
): Outbound {
  const { exchange, serving, activityId } = course;
  const { routed, backend, body } = identified;
  const destination = backend && serving.destinations.get(backend);
  if (backend === undefined || destination === undefined)
    throw new Error(`API ${routed.api.name} has a backend without a destination`);
  const { head } = exchange;
  const peer = serving.trustedProxies.peer(head.peer);
  return {
    destination,
    path: `${routed.rest}${identified.query}`,
    ownAnswerFields,
    ownsCors: corsOf(routed.api, routed.operation) !== undefined,
    body,
    rule,
    refusals: reached(routed).ai === true && backend.choice !== 'single' ? refusalsOfAi : refusals,
    metering: course.metering,
    requestFields: requestFields({
      fields: head.fields,
      bodyBytes: head.bodyBytes,
      scheme: head.scheme ?? 'http',
      apiKeyHeader: routed.api.apiKeyHeader,
      tokenHeader: serving.forwardsTokens ? undefined : routed.api.tokens?.header,
      authority: routed.target.authority,
      activityId,
      peer: peer.address,
      peerIsTrusted: peer.isTrusted,
      underscores: serving.underscoreNames === 'pass',
      // What an extension does to messages, such as compressing them, can't be seen from here.
      extensions: rule?.gates === undefined,
      uncompressed: course.metering?.readsAnswer === true,
    }),
  };
}

/** Who is told how it went: `answered` or `failed`, unless the client left before. */
export interface ForwardingEvents {
  /** The head of the backend's answer is there. */
  answered(): void;
  /** The answer ended early: what came next couldn't be paid. */
  exceeded(verdict: Extract<Verdict, { admitted: false }>): void;
  /** The backend failed before its answer began. */
  failed(refusal: Refusal): void;
  /** Something was thrown that must not reach the backend's side, which would take it for the backend's failure. */
  bug(error: unknown): void;
}

/**
 * One request and its answer on their way between client and backend. Bodies flow both ways at the pace of the slower
 * side. An answer that breaks off cuts the client's connection: a truncated body must not look complete.
 */
export class Forwarding implements BackendReceiver {
  readonly #exchange: Exchange;
  readonly #ownFields: Fields;
  readonly #ownsCors: boolean;
  readonly #rule: TunnelRule | undefined;
  readonly #refusals: Refusals;
  readonly #events: ForwardingEvents;
  readonly #call: BackendCall | undefined;

  constructor(exchange: Exchange, outbound: Outbound, events: ForwardingEvents) {
    this.#exchange = exchange;
    this.#ownFields = outbound.ownAnswerFields;
    this.#ownsCors = outbound.ownsCors;
    this.#rule = outbound.rule;
    this.#refusals = outbound.refusals;
    this.#events = events;
    const { pool, pathPrefix } = outbound.destination;
    const path = `${pathPrefix}${outbound.path}`;
    this.#call = pool.send(
      {
        method: exchange.head.method,
        path: path.startsWith('/') ? path : `/${path}`,
        fields: outbound.requestFields,
        body: outbound.body ?? exchange.openBody(),
        upgrade: exchange.head.upgrade,
      },
      outbound.metering?.receiver(
        this,
        { resume: () => this.#call?.resume(), abort: () => this.abort() },
        events,
      ) ?? this,
    );
  }

  /** The client has gone, or was told something else. */
  abort(): void {
    this.#call?.abort();
  }

  interim(status: number, fields: Fields): void {
    this.#exchange.interim(status, answerFields({ status, backendFields: fields, ownFields: [] }));
  }

  head(status: number, fields: Fields): void {
    try {
      this.#events.answered();
      this.#exchange.start(status, this.#answerFields(status, fields));
    } catch (error) {
      this.#events.bug(error);
    }
  }

  data(bytes: Buffer): boolean {
    if (this.#exchange.write(bytes)) return true;
    this.#exchange.onDrain = () => this.#call?.resume();
    return false;
  }

  flush(): void {
    this.#exchange.flush();
  }

  switched(fields: Fields, socket: Socket, first: Buffer): void {
    this.#events.answered();
    this.#exchange.join(this.#answerFields(101, fields), { socket, first }, this.#rule);
  }

  #answerFields(status: number, backendFields: Fields): string[] {
    return answerFields({ status, backendFields, ownFields: this.#ownFields, ownsCors: this.#ownsCors });
  }

  end(trailers: Fields): void {
    this.#exchange.finish(answerTrailers(trailers));
  }

  failed(failure: BackendFailure): void {
    if (this.#exchange.status === undefined) this.#events.failed(this.#refusals[failure]);
    else this.#exchange.cut();
  }
}

const soonMs = 1000;

type Refusals = Readonly<Record<BackendFailure, Refusal>>;

const refusals: Refusals = {
  busy: { cause: causes.backendBusy, retryAfterMs: soonMs },
  unreachable: { cause: causes.unreachable, retryAfterMs: soonMs },
  'connect-deadline': { cause: causes.connectDeadline },
  silent: { cause: causes.silent },
  broken: { cause: causes.broken },
  invalid: { cause: causes.invalidAnswer },
};

const noActiveEndpoint: Refusal = { cause: causes.noActiveEndpoint, retryAfterMs: soonMs };

/** A group of endpoints fails to connect only when none that isn't left out takes the request (wso2.md 1.11). */
const refusalsOfAi: Refusals = {
  ...refusals,
  unreachable: noActiveEndpoint,
  'connect-deadline': noActiveEndpoint,
};
