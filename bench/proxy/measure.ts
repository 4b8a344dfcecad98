import type { ChildProcess } from 'node:child_process';
import { order } from '../pinned.ts';
import { spread } from '../statistics.ts';
import { check } from './check.ts';
import { coreTimes, cpuUs } from './cpu-time.ts';
import { IdleConnections } from './idle.ts';
import { connections, loadCore, serverCore, type Load } from './load.ts';
import type { RateOrder } from './open-loop.ts';
import { requestBytes } from './request-bytes.ts';
import type { Server, Variant, VariantKey } from './variant.ts';
import { runWrk, type Seen } from './wrk.ts';

/** A variant that has started. */
export interface Running {
  readonly variant: Variant;
  readonly server: Server;
}

/** What one variant did in one round. */
export interface Round {
  /** The part of the answers that were missing or not 2xx. */
  readonly faultShare: number;
  readonly cpuUsEach: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Parts of the time: the load's core at work, and the server's core at work for others or taken by the host. */
  readonly loadCoreBusy: number;
  readonly serverCoreLost: number;
}

/** All rounds of one load by variant, paired by index: variants of one round ran one after the other. */
export interface Result {
  readonly load: Load;
  readonly rounds: ReadonlyMap<Variant, readonly Round[]>;
}

export interface Measuring {
  readonly rounds: number;
  readonly durationMs: number;
  /** What of a variant's warm-up this load takes; those before it have done the rest. */
  readonly warmUpPart: number;
  /** The worker that sends at a fixed rate. */
  readonly openLoop: ChildProcess;
  /** Gets lines for whoever waits. */
  readonly progress: (line: string) => void;
}

/** Every variant warms up with this load; then all in turn in every round, in the other order every other round. */
export async function measure(load: Load, running: readonly Running[], how: Measuring): Promise<Result> {
  const saturated: Load = { ...load, pace: 'saturated' };
  const rates = new Map<Variant, number>();
  for (const { variant, server } of running) {
    how.progress(`${load.name}: ${variant.name} warms up`);
    await named(variant, async () => {
      await check(server, load);
      await warmUp(server, saturated, variant.warmUpMs * how.warmUpPart);
      if (load.pace === 'half') rates.set(variant, (await visit(server, saturated, how)).perSecond / 2);
    });
  }
  const rounds = new Map(running.map(({ variant }): [Variant, Round[]] => [variant, []]));
  for (let round = 0; round < how.rounds; round += 1) {
    how.progress(`${load.name}: round ${round + 1} of ${how.rounds}`);
    for (const { variant, server } of round % 2 === 0 ? running : running.toReversed()) {
      const seen = await named(variant, () => visit(server, load, { ...how, rate: rates.get(variant) }));
      rounds.get(variant)?.push(seen);
    }
  }
  return { load, rounds };
}

/** None when the variant wasn't measured. */
export function roundsOf({ rounds }: Result, key: VariantKey): readonly Round[] {
  return [...rounds].find(([variant]) => variant.key === key)?.[1] ?? [];
}

export function figures(rounds: readonly Round[], what: keyof Round): readonly number[] {
  return rounds.map((round) => round[what]);
}

/** With more of them in any round, the figures aren't of a proxy that did its work. */
export const faultShareMax = 0.001;

export function faultShareIn(rounds: readonly Round[]): number {
  return Math.max(...figures(rounds, 'faultShare'));
}

/** Over all variants: how far the machine was there for the bench alone. */
export function machine({ rounds }: Result): {
  readonly loadCoreBusy: number;
  readonly serverCoreLost: number;
} {
  const all = [...rounds.values()].flat();
  return {
    loadCoreBusy: spread(all.map(({ loadCoreBusy }) => loadCoreBusy)).high,
    serverCoreLost: spread(all.map(({ serverCoreLost }) => serverCoreLost)).median,
  };
}

/** Goes by the server's own time: on a core that others use too, a compiler gets to its work later. */
async function warmUp(server: Server, load: Load, cpuMs: number): Promise<void> {
  const enoughUs = cpuUs(server.pid) + cpuMs * 1000;
  const giveUpMs = performance.now() + 4 * cpuMs;
  while (cpuUs(server.pid) < enoughUs && performance.now() < giveUpMs) await runWrk(server, load, 1000);
}

async function visit(
  server: Server,
  load: Load,
  how: Pick<Measuring, 'durationMs' | 'openLoop'> & { readonly rate?: number | undefined },
): Promise<Round> {
  const idle = await IdleConnections.open(server, load);
  const startMs = performance.now();
  const before = { server: cpuUs(server.pid), own: coreTimes(serverCore), load: coreTimes(loadCore) };
  const seen = await (how.rate === undefined
    ? runWrk(server, load, how.durationMs)
    : order<Seen>(
        how.openLoop,
        rateOrder(server, load, { perSecond: how.rate, durationMs: how.durationMs }),
      ));
  const usedUs = cpuUs(server.pid) - before.server;
  const own = coreTimes(serverCore);
  const passedUs = (performance.now() - startMs) * 1000;
  idle.close();
  const lostUs = own.busyUs - before.own.busyUs - usedUs + own.stolenUs - before.own.stolenUs;
  return {
    faultShare: seen.faults / seen.requests,
    cpuUsEach: usedUs / seen.requests,
    perSecond: seen.requests / seen.seconds,
    p50Ms: seen.p50Ms,
    p99Ms: seen.p99Ms,
    loadCoreBusy: (coreTimes(loadCore).busyUs - before.load.busyUs) / passedUs,
    serverCoreLost: Math.max(0, lostUs) / passedUs,
  };
}

function rateOrder(
  server: Server,
  load: Load,
  pace: { readonly perSecond: number; readonly durationMs: number },
): RateOrder {
  return { port: server.port, request: requestBytes(server, load), connections, ...pace };
}

async function named<Answer>(variant: Variant, act: () => Promise<Answer>): Promise<Answer> {
  try {
    return await act();
  } catch (error) {
    throw new Error(`${variant.name} can't be measured`, { cause: error });
  }
}
