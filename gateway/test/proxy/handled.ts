import type { BackendReceiver, BackendRequest } from '../../src/backends/backend-call.ts';
import { Backends } from '../../src/backends/backends.ts';
import { TokenShelf } from '../../src/identity/token-shelf.ts';
import type { Verdict } from '../../src/limiter/verdict.ts';
import type { Level } from '../../src/policy/levels.ts';
import type { Charge } from '../../src/policy/plan.ts';
import type { RequestHead } from '../../src/proxy/exchange.ts';
import { handle, type DataPlane } from '../../src/proxy/handle.ts';
import type { ExchangeRecord } from '../../src/proxy/observe.ts';
import { compileServing, type ServedConfig, type Serving } from '../../src/proxy/serving.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakeExchange } from './fake-exchange.ts';
import { sampleConfig } from './sample.ts';

interface Sent {
  readonly request: BackendRequest;
  readonly receiver: BackendReceiver;
  aborted: boolean;
}

type Decide = (charges: readonly Charge[]) => Verdict | Promise<Verdict>;

export let clock: FakeClock;
export let records: ExchangeRecord[];
export let sent: Sent[];
export let bugs: unknown[];
export let asked: (readonly Charge[])[];
let decide: Decide;
let nowMs: number;
/** What every request goes by from now on, also those that are under way and ask again. */
let serving: Serving;

/** Before each test. */
export function begin(): void {
  clock = new FakeClock();
  records = [];
  sent = [];
  bugs = [];
  asked = [];
  nowMs = 0;
  decide = (charges) => ({ admitted: true, certain: true, standings: charges.map(standing) });
}

/** How the limiter decides from now on. */
export function decideBy(by: Decide): void {
  decide = by;
}

/** What the stopwatch shows. */
export function setNow(ms: number): void {
  nowMs = ms;
}

function standing(charge: Charge) {
  return { charge, remaining: charge.limit.quota - 1, resetsInMs: 500 };
}

export function refuseAt(
  level: Level,
  because: 'over-limit' | 'store-unavailable' = 'over-limit',
  certain = true,
): void {
  decide = (charges) => {
    const standings = charges.map(standing);
    const refused = standings.find(({ charge }) => charge.level === level)!;
    return { admitted: false, certain, standings, refused: { ...refused, remaining: 0 }, because };
  };
}

/** Handles a request as it came, with a backend that answers when a test says so. */
export function send(more: Partial<RequestHead> = {}, config: ServedConfig = sampleConfig()): FakeExchange {
  const exchange = new FakeExchange(more);
  const compiled = compileServing(config, new Backends(clock), new TokenShelf(clock));
  const pool = {
    send(request: BackendRequest, receiver: BackendReceiver) {
      const call: Sent = { request, receiver, aborted: false };
      sent.push(call);
      return {
        resume: () => {},
        abort: () => {
          call.aborted = true;
        },
      };
    },
  };
  const destinations = new Map(
    [...compiled.destinations].map(([backend, destination]) => [backend, { ...destination, pool }]),
  );
  serving = { ...compiled, destinations };
  const plane: DataPlane = {
    serving: () => serving,
    admission: {
      admit(charges) {
        asked.push(charges);
        return decide(charges);
      },
      settle: () => {},
    },
    clock,
    stopwatchMs: () => nowMs,
    recorders: [{ record: (record) => records.push(record) }],
    reportBug: (error) => bugs.push(error),
  };
  handle(exchange, plane);
  return exchange;
}

export function codeOf({ body }: FakeExchange): unknown {
  const parsed: unknown = JSON.parse(body);
  return typeof parsed === 'object' && parsed !== null && 'code' in parsed ? parsed.code : undefined;
}
