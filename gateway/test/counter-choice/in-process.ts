import { Backends } from '../../src/backends/backends.ts';
import { TokenShelf } from '../../src/identity/token-shelf.ts';
import type { Charge } from '../../src/policy/plan.ts';
import { flaws } from '../../src/proxy/client-wire.ts';
import { handle, type DataPlane } from '../../src/proxy/handle.ts';
import { compileServing } from '../../src/proxy/serving.ts';
import { defaultWireBounds } from '../../src/proxy/wire-bounds.ts';
import { stopwatchMs, systemClock as clock } from '../../src/system-clock.ts';
import { HeadCollector } from '../../src/wire/head-collector.ts';
import { readRequestHead } from '../../src/wire/request-head.ts';
import { FakeExchange } from '../proxy/fake-exchange.ts';
import { served } from './served.ts';

/** What became of a request: the counters it was charged to, if it came so far, and the status. */
export interface Outcome {
  readonly status: number;
  readonly counters: readonly string[] | undefined;
}

const serving = compileServing(served, new Backends(clock), new TokenShelf(clock));

/** A gateway without sockets: bytes go in where a connection's do, and its limiter says no to all that reach it. */
export async function outcomeOf({
  bytes,
  peer,
}: {
  readonly bytes: string;
  readonly peer: string;
}): Promise<Outcome> {
  const found = new HeadCollector(defaultWireBounds.headBytesMax).find(Buffer.from(bytes, 'latin1'), 0);
  const head = typeof found === 'string' ? undefined : readRequestHead(found.text, defaultWireBounds);
  if (head === undefined) return { status: 400, counters: undefined };
  let counters: readonly string[] | undefined;
  const bugs: unknown[] = [];
  const admission: DataPlane['admission'] = {
    admit(charges) {
      counters = charges.map(({ key }) => String(key));
      return refused(charges);
    },
    settle() {},
  };
  const plane: DataPlane = {
    serving: () => serving,
    admission,
    clock,
    stopwatchMs,
    recorders: [],
    reportBug: (error) => bugs.push(error),
  };
  const exchange = new FakeExchange({ ...head, peer, flaw: head.flaw && flaws[head.flaw] });
  const over = new Promise<void>((resolve) => {
    const fakeEnd = exchange.end.bind(exchange);
    exchange.end = (aborted) => {
      fakeEnd(aborted);
      resolve();
    };
  });
  handle(exchange, plane);
  await over;
  if (bugs.length > 0) throw new AggregateError(bugs, 'the gateway reported bugs');
  return { status: exchange.status ?? 0, counters };
}

/** No, for every reason there is. */
export function refused(charges: readonly Charge[]): ReturnType<DataPlane['admission']['admit']> {
  const standings = charges.map((charge) => ({ charge, remaining: 0, resetsInMs: 1000 }));
  const [first] = standings;
  if (first === undefined) throw new Error('a request that no limit is for');
  return { admitted: false, certain: true, standings, refused: first, because: 'over-limit' };
}
