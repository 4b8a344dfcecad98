import { setTimeout as sleep } from 'node:timers/promises';
import { judge } from '../chaos/judge.ts';
import { limits, type ChaosLimit, type OnFailure } from '../chaos/limits.ts';
import { MachineLag } from '../chaos/machine-lag.ts';
import { lossBound, Wiretap } from '../chaos/wiretap.ts';
import { percentile } from '../support/load.ts';
import { until } from '../support/until.ts';
import type { GatewayCluster, Request } from './gateway-cluster.ts';
import type { Durability, FailoverFault, FailoverSetup } from './topologies.ts';

/** What gateways are told, and what goes wrong. */
export interface TrialTerms {
  readonly onFailure: OnFailure;
  readonly durability: Durability;
  readonly fault: FailoverFault;
  readonly faultMs: number;
  readonly afterMs: number;
}

/** One failover, judged by the backend. Units are requests, times whole ms. */
export interface TrialResult extends TrialTerms {
  readonly decisions: number;
  readonly admitted: number;
  /** Admitted while the fault lasted. */
  readonly admittedMeanwhile: number;
  /** Admitted without the store, by the access logs. */
  readonly uncertain: number;
  readonly undecided: number;
  readonly over: number;
  /** What I2 allows: units granted between the loss and the last restatement. */
  readonly lossBound: number;
  /** The decision's wait by the gateways' own logs, and what the machine may have added. */
  readonly waitP999Ms: number;
  readonly waitMaxMs: number;
  readonly machineLagMs: number;
  /** From the fault's begin until all gateways count exactly again, and go on so. */
  readonly readyMs: number | undefined;
  readonly broken: readonly string[];
}

/** Longer than any window that starts with its first request. */
const silenceMs = 1200;
const longestWindowMs = Math.max(...limits.map(({ windowMs }) => windowMs));
const warmUpMs = 1500;
const readyMsMax = 20_000;
const crashAfterMs = 800;
/** A server that settles nothing for so long has handed over. */
const pauseMs = 700;
/** Gateways that were ready for so long have got over a fault; they notice one within less. */
const steadyMs = 2000;

/** Lets one fault happen under load, and judges every window from the load's begin to its end. */
export async function runTrial(
  setup: FailoverSetup,
  cluster: GatewayCluster,
  terms: TrialTerms & { readonly id: string },
): Promise<TrialResult> {
  setup.prepare(terms.fault);
  await setup.untilWell();
  await until(() => cluster.isReady(), readyMsMax);
  const taps = await Promise.all(setup.servers.map(tapOn));
  await sleep(silenceMs);
  await sleep(longestWindowMs - (Date.now() % longestWindowMs));
  const crashesBefore = cluster.crashes;
  cluster.complaints();
  const lag = new MachineLag(() => cluster.gateways.map(({ pid }) => pid));
  await cluster.beginLoad(terms.id);
  await sleep(warmUpMs);
  const beganAtMs = Date.now();
  const end = await setup.begin(terms.fault);
  const restart = terms.fault === 'crash' ? await crash(cluster) : undefined;
  const becameReady = readyAt(cluster, beganAtMs + terms.faultMs + readyMsMax);
  await sleep(terms.faultMs);
  await Promise.all([end(), restart?.()]);
  const endedAtMs = Date.now();
  const readyAtMs = await becameReady;
  await sleep(Math.max(0, endedAtMs + terms.afterMs - Date.now()));
  const machineLagMs = lag.end();
  const requests = await cluster.endLoad();
  for (const tap of taps) tap.close();
  const course = { beganAtMs, endedAtMs };
  const figures = {
    ...terms,
    ...countsOf(requests, course),
    over: overOf(requests),
    lossBound: limits.reduce((sum, limit) => sum + lossBoundOf(limit, taps, beganAtMs), 0),
    machineLagMs,
    readyMs: readyAtMs === undefined ? undefined : Math.max(0, readyAtMs - beganAtMs),
  };
  const crashes = cluster.crashes - crashesBefore;
  return {
    ...figures,
    broken: brokenRules(figures, { crashes, complaints: cluster.complaints(), requests }),
  };
}

/** Kills a gateway shortly before sentinels begin a failover; what is returned starts it again. */
async function crash({ gateways }: GatewayCluster): Promise<() => Promise<void>> {
  await sleep(crashAfterMs);
  await gateways[0]!.end('SIGKILL');
  return () => gateways[0]!.start();
}

async function tapOn({ port }: { readonly port: number }): Promise<Wiretap> {
  const tap = new Wiretap();
  // A failover ends the connections of the server that takes over.
  await tap.listen(port, { again: true });
  return tap;
}

/** From when on all gateways were ready, to the end of the time given or for two seconds; undefined when they weren't. */
async function readyAt(cluster: GatewayCluster, givesUpAtMs: number): Promise<number | undefined> {
  let sinceMs: number | undefined = Date.now();
  while (Date.now() < givesUpAtMs) {
    const askedAtMs = Date.now();
    if (!(await cluster.isReady())) sinceMs = undefined;
    else sinceMs ??= askedAtMs;
    if (sinceMs !== undefined && Date.now() - sinceMs > steadyMs) return sinceMs;
    await sleep(20);
  }
  return undefined;
}

function countsOf(
  requests: readonly Request[],
  course: { readonly beganAtMs: number; readonly endedAtMs: number },
): Pick<
  TrialResult,
  'decisions' | 'admitted' | 'admittedMeanwhile' | 'uncertain' | 'undecided' | 'waitP999Ms' | 'waitMaxMs'
> {
  const admitted = requests.filter(({ arrivalsMs }) => arrivalsMs.length > 0);
  const waits = requests.flatMap(({ limiterMs = [] }) => limiterMs);
  return {
    decisions: requests.filter(({ outcome }) => outcome !== 'unanswered' && outcome !== 'failed').length,
    admitted: admitted.length,
    admittedMeanwhile: admitted.filter(
      ({ sentMs }) => sentMs >= course.beganAtMs && sentMs < course.endedAtMs,
    ).length,
    uncertain: admitted.filter(({ certain }) => certain === false).length,
    undecided: requests.filter(({ outcome }) => outcome === 'undecided').length,
    waitP999Ms: Math.round(percentile(waits, 0.999)),
    waitMaxMs: Math.round(percentile(waits, 1)),
  };
}

function overOf(requests: readonly Request[]): number {
  return limits.reduce((sum, limit) => {
    const own = requests.filter((request) => request.limit === limit.name);
    return sum + judge(limit, own).reduce((all, { over }) => all + over, 0);
  }, 0);
}

/**
 * Data is lost whenever another server than before begins to settle claims on a counter; that may happen twice in a row, when
 * sentinels take a server that has just taken over for dead.
 */
function lossBoundOf(limit: ChaosLimit, taps: readonly Wiretap[], beganAtMs: number): number {
  const all = taps
    .flatMap((tap, server) => tap.settled.map((one) => Object.assign({ server }, one)))
    .filter(({ key }) => key.startsWith(limit.counterPrefix))
    .sort((one, other) => one.atMs - other.atMs);
  const servedAtMs = new Map<number, number>();
  let bound = 0;
  for (const { server, atMs } of all) {
    const begins = atMs - (servedAtMs.get(server) ?? -Infinity) > pauseMs;
    const takesOver = begins && [...servedAtMs.keys()].some((other) => other !== server);
    if (takesOver && atMs >= beganAtMs) bound += lossBound(all, { atMs, windowMs: limit.windowMs }).granted;
    servedAtMs.set(server, atMs);
  }
  return bound;
}

/**
 * Under `deny` with a replica nothing may be over; without one, what I2 allows. Under `local` a gateway that is alone admits by its
 * share and says so (docs/exactness.md).
 */
function brokenRules(
  { onFailure, durability, fault, over, lossBound: bound, uncertain, readyMs }: Omit<TrialResult, 'broken'>,
  seen: {
    readonly crashes: number;
    readonly complaints: readonly string[];
    readonly requests: readonly Request[];
  },
): readonly string[] {
  const allowed = (durability === 'replica' ? 0 : bound) + (onFailure === 'local' ? uncertain : 0);
  const failed = seen.requests.filter(
    ({ outcome }) => outcome === 'failed' || outcome === 'unanswered',
  ).length;
  const isNeverFull = seen.requests.every(({ outcome }) => outcome !== 'over-limit');
  const when = (broken: boolean, what: string): readonly string[] => (broken ? [what] : []);
  return [
    // A gateway that is killed with what only it and the lost primary knew is beyond I2's bound.
    ...when(
      over > allowed && !(fault === 'crash' && durability === 'primary'),
      `${over} units over the limits, ${allowed} allowed`,
    ),
    ...when(readyMs === undefined, 'gateways never counted exactly again'),
    ...when(
      failed > 0 && fault !== 'crash',
      `${failed} requests got no answer, or one that is neither an admission nor a refusal`,
    ),
    ...when(seen.crashes > 0, `${seen.crashes} gateways crashed`),
    ...when(seen.complaints.length > 0, `gateways complained: ${seen.complaints.join(' | ').slice(0, 500)}`),
    ...when(isNeverFull, 'the load exercised nothing'),
  ];
}
