import { Readable } from 'node:stream';
import type { BodySource } from '../wire/body-source.ts';
import type { BackendCall, BackendFields, BackendReceiver } from '../backends/backend-call.ts';
import type { BackendFailure } from '../backends/failure.ts';
import type { Course } from './course.ts';
import type { Exchange } from './exchange.ts';
import type { Fields } from './fields.ts';
import { answerFields, answerTrailers, requestFields } from './hop-by-hop.ts';
import type { Identified } from './identify.ts';
import { causes, type Refusal } from './refusal.ts';
import type { Destination } from './serving.ts';

/** What goes to the backend, and what the gateway adds to its answer. */
export interface Outbound {
  readonly destination: Destination;
  /** The target below the API's base path, with the query. */
  readonly path: string;
  readonly requestFields: string[];
  readonly ownAnswerFields: Fields;
}

/** Works out what goes where; throws when a backend was not compiled, which is a bug. */
export function outbound(course: Course, identified: Identified, ownAnswerFields: Fields): Outbound {
  const { exchange, serving, activityId } = course;
  const { routed, backend } = identified;
  const destination = serving.destinations.get(backend);
  if (destination === undefined)
    throw new Error(`API ${routed.api.name} has a backend without a destination`);
  const { head } = exchange;
  const peer = serving.trustedProxies.peer(head.peer);
  return {
    destination,
    path: `${routed.rest}${routed.target.query}`,
    ownAnswerFields,
    requestFields: requestFields({
      fields: head.fields,
      bodyBytes: head.bodyBytes,
      apiKeyHeader: routed.api.apiKeyHeader,
      authority: routed.target.authority,
      activityId,
      peer: peer.address,
      peerIsTrusted: peer.isTrusted,
      underscores: serving.underscoreNames === 'pass',
    }),
  };
}

/** Who is told how it went: `answered` or `failed`, unless the client left before. */
export interface ForwardingEvents {
  /** The head of the backend's answer is there. */
  answered(): void;
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
  readonly #events: ForwardingEvents;
  readonly #call: BackendCall | undefined;

  constructor(exchange: Exchange, outbound: Outbound, events: ForwardingEvents) {
    this.#exchange = exchange;
    this.#ownFields = outbound.ownAnswerFields;
    this.#events = events;
    const { pool, pathPrefix } = outbound.destination;
    const path = `${pathPrefix}${outbound.path}`;
    this.#call = pool.send(
      {
        method: exchange.head.method,
        path: path.startsWith('/') ? path : `/${path}`,
        fields: outbound.requestFields,
        body: readable(exchange.openBody()),
      },
      this,
    );
  }

  /** The client has gone, or was told something else. */
  abort(): void {
    this.#call?.abort();
  }

  interim(status: number, fields: BackendFields): void {
    this.#exchange.interim(status, answerFields({ status, backendFields: fields, ownFields: [] }));
  }

  head(status: number, fields: BackendFields): void {
    try {
      const coding = fields['transfer-encoding'];
      if (coding !== undefined && String(coding).toLowerCase() !== 'chunked') {
        // Only chunks were decoded; what is inside would reach the client under a wrong name.
        this.abort();
        this.failed('invalid');
        return;
      }
      this.#events.answered();
      const ownFields = this.#ownFields;
      this.#exchange.start(status, answerFields({ status, backendFields: fields, ownFields }));
      queueMicrotask(() => this.#exchange.flush());
    } catch (error) {
      this.#events.bug(error);
    }
  }

  data(chunk: Uint8Array): boolean {
    const goesOn = this.#exchange.write(Buffer.from(chunk));
    this.#exchange.flush();
    if (!goesOn) this.#exchange.onDrain = () => this.#call?.resume();
    return goesOn;
  }

  end(trailers: BackendFields): void {
    this.#exchange.finish(answerTrailers(trailers));
  }

  failed(failure: BackendFailure): void {
    if (this.#exchange.status === undefined) this.#events.failed(refusals[failure]);
    else this.#exchange.cut();
  }
}

const soonMs = 1000;

const refusals: Readonly<Record<BackendFailure, Refusal>> = {
  busy: { cause: causes.backendBusy, retryAfterMs: soonMs },
  unreachable: { cause: causes.unreachable, retryAfterMs: soonMs },
  'connect-deadline': { cause: causes.connectDeadline },
  silent: { cause: causes.silent },
  broken: { cause: causes.broken },
  invalid: { cause: causes.invalidAnswer },
};

function readable(source: BodySource | undefined) {
  if (source === undefined) return undefined;
  let started = false;
  const stream = new Readable({
    read() {
      if (started) source.resume();
      else {
        started = true;
        source.start({ data: (bytes) => stream.push(bytes), end: () => stream.push(null) });
      }
    },
    destroy(_, done) {
      source.stop();
      done();
    },
  });
  return stream;
}
