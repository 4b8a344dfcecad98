import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaosCluster } from './cluster.ts';
import type { Ground } from './ground.ts';

/** What there is to know of a fault when it is judged. */
export interface FaultFacts {
  readonly name: string;
  readonly lastsMs: number;
  /** What had been acknowledged is forgotten: I2 bounds what that may cost. */
  readonly losesData?: true;
  /** A gateway ends: requests on their way through it may stay unanswered. */
  readonly endsGateway?: true;
  /** Shares that may be spent in a window beyond the limit under `local`; one unless it says more. */
  readonly sharesMax?: number;
  /** The process of this gateway stands still: whoever asked it waits for that. */
  readonly freezes?: number;
  /** It begins while nobody asks for anything; else two to three seconds after the load. */
  readonly beforeLoad?: true;
}

/** Something that goes wrong for a while, on gateways that count in `On`. */
export interface Fault<On extends Ground> extends FaultFacts {
  begin(cluster: ChaosCluster<On>): Promise<void>;
  end(cluster: ChaosCluster<On>): Promise<void>;
}

const shortMs = 300;
const hourMs = 3_600_000;
/** Not a whole number of windows: a clock that is wrong by whole windows would still agree where they begin. */
const oddMs = 437;

/** The fault of that name. */
export function faultNamed<On extends Ground>(faults: readonly Fault<On>[], name: string): Fault<On> {
  const fault = faults.find((one) => one.name === name);
  if (fault !== undefined) return fault;
  throw new Error(`no fault "${name}"; there are ${faults.map((one) => one.name).join(', ')}`);
}

/** Several faults as one, each shorter, with a moment between them. None of them may lose data. */
export function inTurn<On extends Ground>(several: readonly Fault<On>[]): Fault<On> {
  const freezes = several.find((one) => one.freezes !== undefined)?.freezes;
  return {
    name: several.map(({ name }) => name).join('+'),
    lastsMs: 0,
    ...(several.some(({ endsGateway }) => endsGateway) && { endsGateway: true }),
    ...(freezes !== undefined && { freezes }),
    async begin(cluster) {
      for (const fault of several) {
        await fault.begin(cluster);
        await sleep(Math.min(fault.lastsMs, shortMs));
        await fault.end(cluster);
        await sleep(shortMs);
      }
    },
    async end() {},
  };
}

/** A gateway ends, and is there again half a second later. */
export function gatewayEnds(name: string, signal: 'SIGTERM' | 'SIGKILL'): Fault<Ground> {
  return {
    name,
    lastsMs: 500,
    endsGateway: true,
    begin: ({ gateways }) => gateways[0]!.end(signal),
    end: ({ gateways }) => gateways[0]!.start(),
  };
}

/** One gateway's wall clock jumps by an hour, and later jumps back. */
export function wrongClock(name: string, to: 'ahead' | 'behind', gateway = 0): Fault<Ground> {
  return {
    name,
    lastsMs: 2500,
    async begin({ gateways }) {
      gateways[gateway]!.shiftClock(to === 'ahead' ? hourMs + oddMs : -hourMs - oddMs);
    },
    async end({ gateways }) {
      gateways[gateway]!.shiftClock(0);
    },
  };
}
