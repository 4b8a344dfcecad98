import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaosCluster, SeenOfLimit } from './cluster.ts';
import type { Fault, FaultFacts } from './fault.ts';
import type { Ground } from './ground.ts';
import { statesOf } from './gateway-process.ts';
import { judge } from './judge.ts';
import { limits, type ChaosLimit } from './limits.ts';
import { MachineLag } from './machine-lag.ts';
import { touching, type JudgedWindow } from './windows.ts';
import type { LossBound } from './wiretap.ts';

/** When what happened, in ms of the wall clock. */
interface Course {
  readonly beganAtMs: number;
  readonly endedAtMs: number;
  /** When all gateways said they count exactly again; undefined when they never did. */
  readonly readyAtMs: number | undefined;
}

/** A request, and what its gateway's access log tells of the decision; nothing when there is no line of it. */
interface Told extends SeenOfLimit {
  /** Whether the store took part. */
  readonly certain?: boolean | undefined;
  readonly limiterMs?: number | undefined;
  /** Which one answered. */
  readonly gateway?: number;
}

/** A window, with the units in it that a gateway says it admitted without the store, or says nothing of. */
export interface WindowFigures extends JudgedWindow {
  readonly uncertain: number;
}

/** One limit, judged. */
export interface LimitFigures {
  readonly limit: ChaosLimit;
  readonly windows: readonly WindowFigures[];
  readonly loss: LossBound;
}

/** One fault, judged. Times are ms. */
export interface Trial {
  readonly fault: FaultFacts;
  readonly course: Course;
  readonly requests: readonly Told[];
  readonly limits: readonly LimitFigures[];
  readonly machineLagMs: number;
  readonly crashes: number;
  readonly complaints: readonly string[];
}

/** Longer than any window that starts with its first request, so that the judge knows that none runs when the load begins. */
const silenceMs = 1200;
const longestWindowMs = Math.max(...limits.map(({ windowMs }) => windowMs));
const readyMsMax = 10_000;
/** A busy machine's gateway may be late with its lines. */
const logMsMax = 2000;

/** Runs one fault under load, which goes on for `warmUpMs` before it and `afterMs` after it. */
export async function runTrial<On extends Ground>(
  cluster: ChaosCluster<On>,
  fault: Fault<On>,
  load: { readonly id: string; readonly warmUpMs: number; readonly afterMs: number },
): Promise<Trial> {
  await untilFreshWindows();
  for (const gateway of cluster.gateways) gateway.takeLog();
  cluster.ground.clear();
  const crashesBefore = crashesOf(cluster);
  const lag = new MachineLag(() => cluster.gateways.map(({ pid }) => pid));
  const beganAtMs = await beginUnderLoad(cluster, fault, load);
  await sleep(fault.lastsMs);
  await fault.end(cluster);
  const endedAtMs = Date.now();
  const readyAtMs = await untilReady(cluster);
  await sleep(Math.max(0, endedAtMs + load.afterMs - Date.now()));
  const machineLagMs = lag.end();
  const seen = await cluster.endLoad();
  const told = await accessLog(cluster, seen);
  const requests = seen.map((one) => Object.assign(one, told.get(one.id)));
  const course = { beganAtMs, endedAtMs, readyAtMs };
  return {
    fault,
    course,
    requests,
    limits: limits.map((limit) => ({
      limit,
      windows: judged(
        limit,
        requests.filter((one) => one.limit === limit.name),
      ),
      loss: fault.losesData === true ? cluster.ground.lossOf(limit, beganAtMs) : nothingLost,
    })),
    machineLagMs,
    crashes: crashesOf(cluster) - crashesBefore,
    complaints: cluster.gateways.flatMap((gateway) => gateway.takeComplaints()),
  };
}

/** One row of windows may fit as well as another: there, what is uncertain may lie far from the window that it exceeds. */
function judged(limit: ChaosLimit, requests: readonly Told[]): readonly WindowFigures[] {
  const uncertain = requests
    .filter(({ certain }) => certain !== true)
    .flatMap(({ sentMs, arrivalsMs }) => arrivalsMs.map((toMs) => ({ fromMs: sentMs, toMs })));
  const aroundMs = limit.starts === 'aligned' ? 0 : Infinity;
  return judge(limit, requests).map((window) => {
    const around = { startMs: window.startMs - aroundMs, endMs: window.endMs + aroundMs };
    return Object.assign(window, { uncertain: touching(uncertain, around) });
  });
}

/** By request. Lines leave a gateway in batches: those of answered requests are waited for. */
async function accessLog(
  { gateways }: ChaosCluster<Ground>,
  seen: readonly SeenOfLimit[],
): Promise<ReadonlyMap<string, Pick<Told, 'certain' | 'limiterMs' | 'gateway'>>> {
  const told = new Map<string, Pick<Told, 'certain' | 'limiterMs' | 'gateway'>>();
  const isWhole = (): boolean => seen.every(({ id, outcome }) => outcome === 'unanswered' || told.has(id));
  const givesUpAtMs = Date.now() + logMsMax;
  do {
    await sleep(20);
    for (const [gateway, one] of gateways.entries()) {
      for (const line of one.takeLog()) {
        const { activityid, certain, limiterMs } = JSON.parse(line) as Told & { readonly activityid: string };
        told.set(activityid, { certain, limiterMs, gateway });
      }
    }
  } while (!isWhole() && Date.now() < givesUpAtMs);
  return told;
}

/** Gives the moment the fault began. */
async function beginUnderLoad<On extends Ground>(
  cluster: ChaosCluster<On>,
  fault: Fault<On>,
  { id, warmUpMs }: { readonly id: string; readonly warmUpMs: number },
): Promise<number> {
  if (fault.beforeLoad !== true) {
    await cluster.beginLoad(id);
    await sleep(warmUpMs);
    if ((await untilReady(cluster)) === undefined) {
      throw new Error(`not ready to begin: ${JSON.stringify(await statesOf(cluster.gateways))}`);
    }
  }
  const beganAtMs = Date.now();
  await fault.begin(cluster);
  if (fault.beforeLoad === true) await cluster.beginLoad(id);
  return beganAtMs;
}

/** What an earlier load has spent must not count in this one's windows. */
async function untilFreshWindows(): Promise<void> {
  await sleep(silenceMs);
  await sleep(longestWindowMs - (Date.now() % longestWindowMs));
}

/** Polls until all gateways are ready; gives the moment it asked for the answer that said so. */
async function untilReady(cluster: ChaosCluster<Ground>): Promise<number | undefined> {
  const givesUpAtMs = Date.now() + readyMsMax;
  while (Date.now() < givesUpAtMs) {
    const askedAtMs = Date.now();
    if (await cluster.isReady()) return askedAtMs;
    await sleep(20);
  }
  return undefined;
}

const nothingLost: LossBound = { granted: 0, restatedAfterMs: 0 };

function crashesOf({ gateways }: ChaosCluster<Ground>): number {
  return gateways.reduce((sum, { crashes }) => sum + crashes, 0);
}
