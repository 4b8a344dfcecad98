import type { Clock } from '../limits/clock.ts';
import type { Verdict } from '../limiter/verdict.ts';
import { activityId, activityIdField } from './activity-id.ts';
import { admit, refusalOf } from './admit.ts';
import { atHub } from './at-hub.ts';
import { corsFields, corsOf, isPreflight, preflightFields } from './cors.ts';
import { Course } from './course.ts';
import { enter } from './enter.ts';
import type { Answer, Exchange, RequestHead } from './exchange.ts';
import type { Fields } from '../wire/fields.ts';
import { hasUnderscoreName } from './fields.ts';
import { Forwarding, outbound, type ForwardingEvents } from './forward.ts';
import type { Identified } from './identify.ts';
import type { HubPlane } from './hub-plane.ts';
import { metering, priced } from './metering.ts';
import { OpenSocket } from './open-socket.ts';
import { recordOf, type ExchangeRecorder } from './observe.ts';
import { rateLimitFields } from './rate-limit-fields.ts';
import { causes, isRefusal, type Refusal } from './refusal.ts';
import { refusalForm } from './refusal-text.ts';
import { methodsAnswer, refusalAnswer, withFields } from './respond.ts';
import { type MethodsAsked, route } from './route.ts';
import type { Serving } from './serving.ts';
import { readTarget } from './target.ts';

/** What the life of a request needs. */
export interface DataPlane extends HubPlane {
  /** The configuration in force; each request takes it once. */
  readonly serving: () => Serving;
  readonly clock: Clock;
  /** Monotonic ms with fractions, for durations. */
  readonly stopwatchMs: () => number;
  readonly recorders: readonly ExchangeRecorder[];
  /** Is told what should not have happened; the client sees a 500. */
  readonly reportBug: (error: unknown) => void;
}

/**
 * The life of a request: wire, target, route, identity, limits, backend. Nothing is awaited on the way unless the limiter
 * has to ask the store.
 */
export function handle(exchange: Exchange, plane: DataPlane): void {
  const course = begin(exchange, plane);
  try {
    live(course, plane);
  } catch (error) {
    fail(course, plane, error);
  }
}

function live(course: Course, plane: DataPlane): void {
  const { exchange, serving } = course;
  const { head } = exchange;
  if (head.flaw !== undefined) return refuse(course, head.flaw, plane);
  if (serving.underscoreNames === 'refuse' && hasUnderscoreName(head.fields)) {
    return refuse(course, { cause: causes.underscoreName }, plane);
  }
  const target = readTarget(head);
  if (isRefusal(target)) return refuse(course, target, plane);
  course.target = target;
  const routed = route(serving.routes, { method: head.method, target, preflight: isPreflight(head) });
  course.api = routed.api;
  if (isRefusal(routed)) return refuse(course, routed, plane);
  if ('methods' in routed) return answer(course, aboutMethods(head, routed));
  course.routed = routed;
  const identified = enter(exchange, routed, { serving, admission: plane.admission });
  if (!(identified instanceof Promise)) return charge(course, identified, plane);
  identified
    .then((late) => charge(course, late, plane))
    .catch((error: unknown) => fail(course, plane, error));
}

function aboutMethods(head: RequestHead, { api, methods }: MethodsAsked): Answer {
  const given = methodsAnswer(methods);
  const isAsked = api.cors !== undefined && isPreflight(head);
  return isAsked ? withFields(given, preflightFields(api.cors, head.fields, methods)) : given;
}

/** A request whose sender may use the operation is asked to pay. */
function charge(course: Course, identified: Identified | Refusal, plane: DataPlane): void {
  const { exchange } = course;
  // The client may have left, or broken its body off, while its token was verified.
  if (exchange.over || exchange.status !== undefined) return;
  if (isRefusal(identified)) return refuse(course, identified, plane);
  course.identified = identified;
  course.routed = identified.routed;
  course.askedLimiterAtMs = plane.stopwatchMs();
  const verdict = admit(priced(identified.charges, exchange.head.bodyBytes), plane.admission);
  if (!(verdict instanceof Promise)) return proceed(course, identified, verdict, plane);
  verdict
    .then((late) => proceed(course, identified, late, plane))
    .catch((error: unknown) => fail(course, plane, error));
}

/** A request that paid goes to its backend, or to the hub; one that couldn't is refused. */
function proceed(course: Course, identified: Identified, verdict: Verdict, plane: DataPlane): void {
  const { exchange } = course;
  course.decidedAtMs = plane.stopwatchMs();
  course.verdict = verdict;
  course.metering = metering(verdict, exchange, plane.admission);
  // The client may have left, or broken its body off, while the limiter waited for the store.
  if (exchange.over) return course.metering?.settle();
  if (exchange.status !== undefined) return;
  if (!verdict.admitted) return refuse(course, refusalOf(verdict), plane);
  if (identified.hub !== undefined) return conclude(course, atHub(course, identified, plane), plane);
  course.forwardedAtMs = course.decidedAtMs;
  const socket = exchange.head.upgrade === undefined ? undefined : openSocket(course, identified, plane);
  if (socket?.gates !== undefined) course.metering?.paidByPiece();
  const out = outbound(course, identified, ownFields(course), socket);
  course.forwarding = new Forwarding(exchange, out, new Following(course, plane));
}

function openSocket(course: Course, identified: Identified, plane: DataPlane): OpenSocket {
  return new OpenSocket(
    { exchange: course.exchange, serving: course.serving, identified },
    plane,
    (refusal) => {
      course.refusal = refusal;
    },
  );
}

/** Tells the client what the hub says. */
function conclude(course: Course, said: Promise<Answer | Refusal>, plane: DataPlane): void {
  const { exchange } = course;
  said
    .then((late) => {
      if (exchange.over || exchange.status !== undefined) return;
      if (isRefusal(late)) refuse(course, late, plane);
      else answer(course, late);
    })
    .catch((error: unknown) => fail(course, plane, error));
}

/** Notes in the course how the forwarding goes. */
class Following implements ForwardingEvents {
  readonly #course: Course;
  readonly #plane: DataPlane;

  constructor(course: Course, plane: DataPlane) {
    this.#course = course;
    this.#plane = plane;
  }

  answered(): void {
    this.#course.backendEndedAtMs = this.#plane.stopwatchMs();
  }

  exceeded(verdict: Extract<Verdict, { admitted: false }>): void {
    this.#course.verdict = verdict;
    this.#course.refusal = refusalOf(verdict);
  }

  failed(refusal: Refusal): void {
    this.#course.backendEndedAtMs = this.#plane.stopwatchMs();
    refuse(this.#course, refusal, this.#plane);
  }

  bug(error: unknown): void {
    fail(this.#course, this.#plane, error);
  }
}

function begin(exchange: Exchange, plane: DataPlane): Course {
  const course = new Course(exchange, plane.serving(), activityId(exchange.head.fields));
  exchange.onBodyFailure = (refusal) => {
    course.forwarding?.abort();
    refuse(course, refusal, plane);
  };
  exchange.onOver = ({ aborted }) => {
    course.forwarding?.abort();
    course.metering?.settle();
    const record = recordOf(course, { aborted, endedAtMs: plane.stopwatchMs() });
    for (const recorder of plane.recorders) recorder.record(record);
  };
  return course;
}

function refuse(course: Course, refusal: Refusal, plane: DataPlane): void {
  course.refusal = refusal;
  const { retryAfter, errorFormat } = course.serving.responses;
  const form = refusalForm(course.exchange.head.fields, { soap: course.api?.soap === true, errorFormat });
  answer(course, refusalAnswer(refusal, { nowWallMs: plane.clock.wallMs(), retryAfter }, form));
}

function answer(course: Course, given: Answer): void {
  const { exchange } = course;
  if (exchange.status === undefined) exchange.answer(withFields(given, ownFields(course)));
  else exchange.cut();
}

/** What the gateway adds to every answer, its own or the backend's. */
function ownFields(course: Course): Fields {
  const { verdict, identified, serving, activityId, api, routed } = course;
  const isTold = verdict !== undefined && serving.responses.rateLimitFields;
  const limits = isTold ? rateLimitFields(verdict, identified?.rateLimit) : [];
  const cors = api && corsOf(api, routed?.operation);
  if (cors === undefined) return [...limits, activityIdField, activityId];
  return [...limits, activityIdField, activityId, ...corsFields(cors, course.exchange.head.fields)];
}

/** The answer to a request whose head can't be read, so that there is no exchange. */
export function answerUnread(refusal: Refusal, plane: DataPlane): Answer {
  const { retryAfter } = plane.serving().responses;
  const written = refusalAnswer(refusal, { nowWallMs: plane.clock.wallMs(), retryAfter });
  return withFields(written, [activityIdField, activityId([])]);
}

function fail(course: Course, plane: DataPlane, error: unknown): void {
  plane.reportBug(error);
  course.forwarding?.abort();
  refuse(course, { cause: causes.internal }, plane);
}
