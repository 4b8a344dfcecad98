import type { Limit } from '../../src/limits/limit.ts';
import { seededRandom, type Random } from '../support/random.ts';
import { drawFaults, type Fault, type Frame } from './fault-plan.ts';

/** What a run is made of, drawn from its seed. Times in ms from its start. */
export interface Scenario {
  readonly seed: number;
  readonly family: Family;
  readonly durationMs: number;
  readonly gateways: number;
  /** What gateways assume before the store has told them. */
  readonly gatewaysMin: number;
  readonly counters: readonly Limit[];
  readonly onFailure: 'deny' | 'local';
  readonly network: Network;
  readonly shape: Shape;
  readonly demand: readonly Demand[];
  readonly faults: readonly Fault[];
  /** Whether some costs become known only afterwards. */
  readonly owes: boolean;
  /** A loss of data is noticed with the connection that is lost too, or by the next heartbeat. */
  readonly noticedWithinMs: number;
  /** How long gateways go on when demand and troubles have ended: long enough for idle leases to flow back, or not. */
  readonly windDownMs: number;
}

/**
 * `calm`: nothing fails, and demand saturates. `rough`: messages are lost, late, doubled and reordered, gateways crash and join,
 * the store freezes. `amnesia`: the store loses data. `alone`: gateways decide by their shares. `jumps`: the store's clock.
 */
export const families = ['calm', 'rough', 'amnesia', 'alone', 'jumps'] as const;
export type Family = (typeof families)[number];

/** All that most checks must know of a scenario: its limits. */
export type Counters = Pick<Scenario, 'counters'>;

/** How demand is distributed over gateways. */
export const shapes = ['even', 'skewed', 'one', 'bursts'] as const;
export type Shape = (typeof shapes)[number];

export interface Network {
  readonly delayMsMin: number;
  readonly delayMsMax: number;
  readonly lossRate: number;
  readonly duplicateRate: number;
  /** How late a duplicate may come. */
  readonly duplicateMsMax: number;
}

/** Requests of one gateway: `perTurn` of them each `everyMs`, while it is on. */
export interface Demand {
  readonly gateway: number;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly everyMs: number;
  readonly perTurn: number;
  readonly costMax: number;
  readonly counters: readonly number[];
}

/** What to leave out of a scenario, to find a smaller one that still fails. */
export interface Cuts {
  readonly faults: readonly number[];
  readonly demand: readonly number[];
  readonly durationMs?: number;
}

const gatewaysMax = 5;
/** By then every waiting request has its decision. */
const requestsEndMs = 60;
/** And by then what nobody asks for has flowed back, whatever was lost. */
const leasesBackMs = 1000;

export function scenarioOf(seed: number, only?: Family): Scenario {
  const random = seededRandom(seed);
  const drawn = random.pick(families);
  const family = only ?? drawn;
  const gateways = 1 + random.below(gatewaysMax);
  const durationMs = random.pick([1500, 2500, 4000]);
  const countersMax = family === 'calm' && random.chance(0.7) ? 1 : 3;
  // Half of those who are alone are alone together.
  const together = family === 'alone' && random.chance(0.5);
  const counters = Array.from({ length: 1 + random.below(countersMax) }, () => {
    return together ? drawShared(random) : drawLimit(random, family);
  });
  const rough = family === 'rough' || (family !== 'calm' && !together && random.chance(0.5));
  const shape = together ? 'even' : random.pick(shapes);
  const owes = family === 'rough' && random.chance(0.2);
  const frame = { gateways, durationMs, counters, family, together };
  return {
    seed,
    family,
    durationMs,
    gateways,
    gatewaysMin: together ? 1 : gateways,
    counters,
    onFailure: family === 'alone' ? 'local' : 'deny',
    network: drawNetwork(random, rough),
    shape,
    demand: drawDemand(random, shape, frame),
    faults: drawFaults(random, frame),
    owes,
    noticedWithinMs: random.pick([3, 260]),
    windDownMs: random.pick(family === 'calm' ? [requestsEndMs, leasesBackMs] : [leasesBackMs]),
  };
}

export function cut(scenario: Scenario, cuts: Cuts): Scenario {
  const durationMs = Math.min(scenario.durationMs, cuts.durationMs ?? Infinity);
  return {
    ...scenario,
    durationMs,
    faults: scenario.faults.filter((_, index) => !cuts.faults.includes(index)),
    demand: scenario.demand.filter((_, index) => !cuts.demand.includes(index)),
  };
}

function drawLimit(random: Random, family: Family): Limit {
  // A loss shows in windows that outlast it, and where units are left to be spent after it.
  const windowMs = random.pick(family === 'amnesia' ? [500, 1000, 5000] : [250, 500, 1000, 1000, 5000]);
  const quota = random.pick(family === 'amnesia' ? [7, 30, 100, 400, 1500] : [1, 7, 30, 100, 100, 400]);
  const kind = random.pick(['aligned', 'aligned', 'first-request', 'first-request', 'sliding', 'bucket']);
  if (kind === 'sliding') return { kind: 'sliding-window', quota, windowMs };
  if (kind === 'bucket' && family !== 'amnesia' && family !== 'jumps') {
    return { kind: 'token-bucket', quota, windowMs, burst: random.pick([1, quota, 2 * quota]) };
  }
  return {
    kind: 'fixed-window',
    quota,
    windowMs,
    starts: kind === 'first-request' ? 'first-request' : 'aligned',
  };
}

/** Windows that begin and end while the store is away, in step everywhere. */
function drawShared(random: Random): Limit {
  const quota = random.pick([7, 30, 100, 400]);
  return { kind: 'fixed-window', quota, windowMs: random.pick([250, 500, 1000]), starts: 'aligned' };
}

function drawNetwork(random: Random, rough: boolean): Network {
  const delayMsMin = random.pick([0, 1, 1, 2]);
  if (!rough)
    return {
      delayMsMin,
      delayMsMax: delayMsMin + random.below(3),
      lossRate: 0,
      duplicateRate: 0,
      duplicateMsMax: 0,
    };
  return {
    delayMsMin,
    delayMsMax: delayMsMin + random.pick([1, 5, 30, 150]),
    lossRate: random.pick([0, 0.01, 0.1]),
    duplicateRate: random.pick([0, 0.05, 0.3]),
    duplicateMsMax: random.pick([5, 100, 3000]),
  };
}

function drawDemand(random: Random, shape: Shape, frame: Frame): readonly Demand[] {
  const { gateways, durationMs, counters, family, together } = frame;
  const isDense = family === 'calm' || together;
  const costMax = family !== 'calm' && random.chance(0.2) ? 5 : 1;
  const all = counters.map((_, index) => index);
  const demand: Demand[] = [];
  for (let gateway = 0; gateway < (shape === 'one' ? 1 : gateways); gateway += 1) {
    const everyMs = random.pick(isDense ? [2, 3, 7, 13] : [2, 3, 7, 13, 40, 150, 150]);
    const weight = shape === 'skewed' && gateway === 0 ? 9 : 1;
    const perTurn =
      family === 'calm' ? weight * saturating(frame, shape, everyMs) : weight * random.pick([1, 2, 4]);
    const own = { gateway, everyMs, perTurn, costMax, counters: all };
    if (shape !== 'bursts' || gateway === 0) {
      demand.push({ ...own, fromMs: random.below(20), untilMs: durationMs });
      continue;
    }
    for (let fromMs = random.below(300); fromMs < durationMs; fromMs += 200 + random.below(800)) {
      demand.push({ ...own, fromMs, untilMs: fromMs + 20 + random.below(200) });
    }
  }
  return demand;
}

/** Requests per turn that together ask for far more than the largest limit has. */
function saturating({ gateways, counters }: Frame, shape: Shape, everyMs: number): number {
  const ratePerMs = Math.max(...counters.map(({ quota, windowMs }) => quota / windowMs));
  const sources = shape === 'even' ? gateways : 1;
  return Math.min(40, Math.ceil((2 * ratePerMs * everyMs) / sources));
}
